'use strict'

/**
 * The public lists of a wire, edited by the caller in every way that an array can be: the list is
 * what counts, from the next message or call on.
 */

const { loadOurs } = require('../helpers/wire')
const { close } = require('./support/pair')
const { Peer } = require('./support/peer')
const messages = require('./support/messages')

const LENGTH = 10

let Wire, peer, wire

beforeAll(async () => { Wire = await loadOurs() })

async function connect (options) {
  peer = await Peer.greet(new Wire('tcpIncoming'), options)
  wire = peer.wire
}

afterEach(() => close(wire))

const numbers = count => Array.from({ length: count }, (_, i) => i)
const requests = (...pieces) => Buffer.concat(pieces.map(piece => messages.request(piece, 0, LENGTH)))
const pieces = list => list.map(request => request.piece)

/** Every way to make the list `name` of a wire hold these pieces. */
const EDITS = {
  'is replaced': (name, list) => { wire[name] = list },
  'is emptied and pushed to': (name, list) => {
    wire[name].length = 0
    wire[name].push(...list)
  },
  'is spliced': (name, list) => wire[name].splice(0, Infinity, ...list),
  'has its elements set': (name, list) => {
    wire[name].length = list.length
    list.forEach((piece, i) => { wire[name][i] = piece })
  }
}

describe.each(Object.entries(EDITS))('allowedFastSet %s', (_, edit) => {
  let emitted

  beforeEach(async () => {
    await connect({ fast: true })
    emitted = []
    wire.on('request', piece => emitted.push(piece))
  })

  test.each([
    ['to more', [], [2, 3]],
    ['to fewer', [2, 3, 4], [3]],
    ['to none', [2, 3], []],
    ['to others, as many', [1, 2], [3, 4]],
    ['to the same ones and others, as many', [1, 2, 3], [1, 9, 3]]
  ])('%s: the next requests of a choked peer go by it', async (what, before, after) => {
    for (const piece of before) wire.allowedFast(piece)
    peer.say(requests(1, 2, 3, 4))
    await peer.heard()
    emitted.length = 0

    edit('allowedFastSet', after)
    peer.say(requests(1, 2, 3, 4, 9))
    expect(emitted).toEqual([1, 2, 3, 4, 9].filter(piece => after.includes(piece)))
    expect(await peer.told()).toEqual([1, 2, 3, 4, 9].filter(piece => !after.includes(piece)).map(piece => `reject ${piece} 0 ${LENGTH}`))
  })

  test('in a handler: the next message of the same chunk goes by it', async () => {
    wire.on('interested', () => edit('allowedFastSet', [5]))
    wire.on('uninterested', () => edit('allowedFastSet', [6]))
    peer.say(requests(5, 6), messages.interested(), requests(5, 6), messages.uninterested(), requests(5, 6))
    expect(emitted).toEqual([5, 6])
    expect(await peer.told()).toEqual([5, 6, 6, 5].map(piece => `reject ${piece} 0 ${LENGTH}`))
  })

  test('what stays when we choke goes by it', async () => {
    wire.allowedFast(1)
    wire.unchoke()
    peer.say(requests(1, 2, 3))
    await peer.heard()
    edit('allowedFastSet', [2])
    wire.choke()
    expect(pieces(wire.peerRequests)).toEqual([2])
    expect((await peer.told())[0]).toBe('choke')
  })
})

describe.each(Object.entries(EDITS))('peerAllowedFastSet %s', (_, edit) => {
  beforeEach(() => connect({ fast: true }))

  test.each([
    ['to more', [], [2, 3]],
    ['to fewer', [2, 3, 4], [3]],
    ['to none', [2, 3], []],
    ['to others, as many', [1, 2], [3, 4]]
  ])('%s: request() goes by it', async (what, before, after) => {
    const refused = []
    const ask = piece => wire.request(piece, 0, LENGTH, error => { if (error) refused.push(piece) })
    for (const piece of before) peer.say(messages.allowedFast(piece))
    for (const piece of [1, 2, 3, 4]) ask(piece)
    await peer.heard()
    refused.length = 0

    edit('peerAllowedFastSet', after)
    for (const piece of [1, 2, 3, 4]) ask(piece)
    expect(refused).toEqual([1, 2, 3, 4].filter(piece => !after.includes(piece)))
    expect(await peer.told()).toEqual(after.map(piece => `request ${piece} 0 ${LENGTH}`))
  })
})

describe.each([['with', true], ['without', false]])('peerRequests, %s the fast extension', (_, fast) => {
  /** What the wire gave to answer each request, by its piece. */
  let respond

  beforeEach(async () => {
    await connect({ fast })
    wire.unchoke()
    respond = {}
    wire.on('request', (piece, offset, length, answer) => { respond[piece] = answer })
    peer.say(requests(...numbers(6)))
    await peer.heard()
  })

  const answer = piece => respond[piece](null, Buffer.alloc(LENGTH, piece))
  const answered = pieces => pieces.map(piece => `piece ${piece} 0 ${LENGTH} of ${piece}`)

  test.each([
    ['splice(0, 2)', () => wire.peerRequests.splice(0, 2), [2, 3, 4, 5]],
    ['splice(2, 2)', () => wire.peerRequests.splice(2, 2), [0, 1, 4, 5]],
    ['shift()', () => wire.peerRequests.shift(), [1, 2, 3, 4, 5]],
    ['pop()', () => wire.peerRequests.pop(), [0, 1, 2, 3, 4]],
    ['delete and splice', () => {
      delete wire.peerRequests[1]
      wire.peerRequests.splice(1, 1)
    }, [0, 2, 3, 4, 5]],
    ['a swap-removal', () => {
      wire.peerRequests[1] = wire.peerRequests[5]
      wire.peerRequests.length = 5
    }, [0, 5, 2, 3, 4]],
    ['reverse()', () => wire.peerRequests.reverse(), [5, 4, 3, 2, 1, 0]],
    ['two that change places', () => {
      const [first, second] = wire.peerRequests
      wire.peerRequests[0] = second
      wire.peerRequests[1] = first
    }, [1, 0, 2, 3, 4, 5]],
    ['an assignment of some', () => { wire.peerRequests = wire.peerRequests.filter(({ piece }) => piece % 2 === 1) }, [1, 3, 5]],
    ['an assignment of none', () => { wire.peerRequests = [] }, []],
    ['length = 0', () => { wire.peerRequests.length = 0 }, []]
  ])('after %s, each answer goes out under its own header, and those of what is left only', async (_, edit, left) => {
    edit()
    expect(pieces(wire.peerRequests)).toEqual(left)
    const order = [4, 1, 0, 5, 3, 2]
    for (const piece of order) answer(piece)
    expect(await peer.told()).toEqual(answered(order.filter(piece => left.includes(piece))))
    expect(wire.peerRequests).toEqual([])
    expect(wire.uploaded).toBe(left.length * LENGTH)

    // And it goes on.
    peer.say(requests(7, 8))
    expect(pieces(wire.peerRequests)).toEqual([7, 8])
    answer(8)
    answer(7)
    expect(await peer.told()).toEqual(answered([8, 7]))
  })

  test('after splice(0, 2) between answers and requests', async () => {
    answer(3)
    wire.peerRequests.splice(0, 2)
    answer(2)
    peer.say(requests(6, 7))
    wire.peerRequests.splice(0, 2)
    for (const piece of [0, 1, 4, 5, 6, 7]) answer(piece)
    const told = await peer.told()
    // 0 to 5 without 3 is 0 1 2 5 4, then 2 5 4, then 4 5, then 6 7.
    expect(told).toEqual(answered([3, 2, 6, 7]))
  })

  test.each([
    ['taken out without a word', []],
    ['with objects of the caller in their place', Array.from({ length: 500 }, () => ({ piece: 9, offset: 0, length: LENGTH }))]
  ])('%s, they do not keep waiting those for which there was no room', (_, own) => {
    const asked = []
    wire.on('request', piece => asked.push(piece))
    const blocks = numbers(10_000).map(piece => messages.request(piece, 0, 16384))
    peer.say(Buffer.concat(blocks))
    const before = asked.length
    expect(before).toBeLessThan(blocks.length)
    wire.peerRequests = [...own]
    peer.say(messages.interested())
    peer.say(messages.interested())
    expect(asked.length).toBeGreaterThan(before)
    expect(asked).toEqual(numbers(asked.length))
    expect(pieces(wire.peerRequests.slice(own.length))).toEqual(asked.slice(before))
  })

  test('in a handler of the same chunk', async () => {
    wire.on('interested', () => wire.peerRequests.splice(0, 4))
    peer.say(requests(6), messages.interested(), requests(7))
    expect(pieces(wire.peerRequests)).toEqual([4, 5, 6, 7])
    for (const piece of [0, 7, 1, 6, 2, 5, 3, 4]) answer(piece)
    expect(await peer.told()).toEqual(answered([7, 6, 5, 4]))
  })

  test('a plain object that is pushed to it throws nowhere, and changes no answer', async () => {
    wire.peerRequests.push({ piece: 9, offset: 0, length: LENGTH, callback: () => {} })
    answer(4)
    peer.say(requests(6))
    wire.peerRequests.unshift({ piece: 10, offset: 0, length: LENGTH })
    for (const piece of [0, 6, 1, 5]) answer(piece)
    expect(await peer.told()).toEqual(answered([4, 0, 6, 1, 5]))
    expect(pieces(wire.peerRequests).sort((a, b) => a - b)).toEqual([2, 3, 9, 10])
    peer.say(messages.cancel(3, 0, LENGTH))
    expect(pieces(wire.peerRequests).sort((a, b) => a - b)).toEqual([2, 9, 10])
    wire.choke()
    expect(wire.peerRequests).toEqual([])
    answer(2)
    const told = await peer.told()
    expect(told.filter(message => message.startsWith('piece'))).toEqual([])
    expect(told).toContain('choke')
  })

  test('objects in the place of its own throw nowhere', async () => {
    wire.peerRequests = numbers(6).map(piece => ({ piece, offset: 0, length: LENGTH, callback () {} }))
    for (const piece of numbers(6)) answer(piece)
    peer.say(requests(7))
    answer(7)
    wire.peerRequests.length = 0
    peer.say(requests(8))
    answer(8)
    // Whether a stranger's object stands for the request of its numbers is the wire's to say;
    // never for another one.
    const told = await peer.told()
    expect(told.filter(message => /^piece [0-5] /.test(message)).every((message, i, all) => {
      return all.indexOf(message) === i && answered(numbers(6)).includes(message)
    })).toBe(true)
    expect(told.slice(-2)).toEqual(answered([7, 8]))
  })

  test('a list of another wire', async () => {
    const other = await Peer.greet(new Wire('tcpIncoming'), { fast })
    other.wire.unchoke()
    const responds = []
    other.wire.on('request', (piece, offset, length, respond) => responds.push(respond))
    other.say(requests(20, 21))
    await other.heard()
    wire.peerRequests = other.wire.peerRequests
    for (const piece of numbers(6)) answer(piece)
    expect(await peer.told()).toEqual([])
    responds[1](null, Buffer.alloc(LENGTH, 21))
    expect(await other.told()).toEqual(answered([21]))
    wire.peerRequests = []
    peer.say(requests(22))
    answer(22)
    expect(await peer.told()).toEqual(answered([22]))
    await close(other.wire)
  })
})

describe('requests', () => {
  let settled

  beforeEach(async () => {
    await connect({ fast: true })
    peer.say(messages.unchoke())
    settled = []
    for (const piece of numbers(6)) ask(piece)
    await peer.heard()
  })

  const ask = (piece, then = () => {}) => wire.request(piece, 0, LENGTH, (error, block) => {
    settled.push([piece, error ? error.message : block[0]])
    then()
  })

  const come = (...pieces) => peer.say(...pieces.map(piece => messages.piece(piece, 0, Buffer.alloc(LENGTH, piece))))

  /** What lt_donthave does with the requests of some pieces. */
  function fail (isLost) {
    const { requests } = wire
    for (let i = 0; i < requests.length; i++) {
      const request = requests[i]
      if (!isLost(request.piece)) continue
      const last = requests.pop()
      if (i < requests.length) requests[i] = last
      i--
      wire._callback(request, new Error('lost'), null)
    }
  }

  test('swap-removed with _callback, as lt_donthave does: each is called back once, with its own block', () => {
    fail(piece => piece % 2 === 0)
    expect(settled).toEqual([[0, 'lost'], [2, 'lost'], [4, 'lost']])
    expect(pieces(wire.requests).sort()).toEqual([1, 3, 5])
    come(3, 5, 1)
    expect(settled.slice(3)).toEqual([[3, 3], [5, 5], [1, 1]])
    expect(wire.requests).toEqual([])
    expect(wire.downloaded).toBe(3 * LENGTH)
  })

  test('swap-removed in a handler, between the blocks of one chunk, with callbacks that ask again', () => {
    wire.requests.length = 0
    settled.length = 0
    for (const piece of numbers(6)) ask(piece, () => { if (piece < 3) ask(piece + 10) })
    wire.on('have', index => fail(piece => piece === index))
    const chunk = [
      messages.have(1), messages.piece(5, 0, Buffer.alloc(LENGTH, 5)), messages.have(4),
      messages.piece(0, 0, Buffer.alloc(LENGTH, 0)), messages.have(10), messages.piece(11, 0, Buffer.alloc(LENGTH, 11)),
      messages.piece(3, 0, Buffer.alloc(LENGTH, 3)), messages.piece(2, 0, Buffer.alloc(LENGTH, 2)), messages.piece(12, 0, Buffer.alloc(LENGTH, 12))
    ]
    peer.say(...chunk)
    expect(settled).toEqual([[1, 'lost'], [5, 5], [4, 'lost'], [0, 0], [10, 'lost'], [11, 11], [3, 3], [2, 2], [12, 12]])
    expect(wire.requests).toEqual([])
  })

  test.each([
    ['splice(0, 2)', () => wire.requests.splice(0, 2), [2, 3, 4, 5]],
    ['delete and splice', () => {
      delete wire.requests[0]
      wire.requests.splice(0, 1)
    }, [1, 2, 3, 4, 5]],
    ['reverse()', () => wire.requests.reverse(), [5, 4, 3, 2, 1, 0]],
    ['two that change places', () => {
      const [first, second] = wire.requests
      wire.requests[0] = second
      wire.requests[1] = first
    }, [1, 0, 2, 3, 4, 5]],
    ['an assignment of some', () => { wire.requests = wire.requests.filter(({ piece }) => piece > 2) }, [3, 4, 5]],
    ['length = 0', () => { wire.requests.length = 0 }, []]
  ])('after %s, blocks go to what is left', (_, edit, left) => {
    edit()
    const order = [4, 1, 0, 5, 3, 2]
    come(...order)
    expect(settled).toEqual(order.filter(piece => left.includes(piece)).map(piece => [piece, piece]))
    expect(wire.requests).toEqual([])
    ask(7)
    come(7)
    expect(settled.at(-1)).toEqual([7, 7])
  })

  test('a plain object that is pushed to it is called back with its block', () => {
    wire.requests.push({ piece: 9, offset: 0, length: LENGTH, callback: (error, block) => settled.push(['plain', error ?? block[0]]) })
    come(1, 9, 0)
    expect(settled).toEqual([[1, 1], ['plain', 9], [0, 0]])
    expect(pieces(wire.requests).sort()).toEqual([2, 3, 4, 5])
  })

  test('closing calls back what is left, last first', async () => {
    wire.requests.splice(1, 2)
    await close(wire)
    expect(settled).toEqual([5, 4, 3, 0].map(piece => [piece, 'wire was closed']))
  })
})
