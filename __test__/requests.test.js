'use strict'

/** Our requests: `wire.requests`, their callbacks, and every way in which they end. */

const { ScriptedPeer, close } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

let peer, wire, log

/** Asks for a block of a piece; what becomes of it goes to `log`. */
function ask (piece, offset = 0, length = 10, name = piece) {
  wire.request(piece, offset, length, (error, block) => log.push([name, error ? error.message : block.length]))
}

/** Ends the handshakes, unchokes, and forgets the bytes. */
async function connect (options) {
  peer = await ScriptedPeer.connect(options)
  wire = peer.wire
  log = []
  peer.say(messages.unchoke())
}

const pieces = () => wire.requests.map(request => request.piece)
const answer = (piece, offset = 0, length = 10) => peer.say(messages.piece(piece, offset, Buffer.alloc(length, piece)))

beforeEach(() => connect())

afterEach(() => close(wire))

describe('the list', () => {
  test('holds what is open, in order, as objects that stay the same', () => {
    for (const piece of [1, 2, 3, 4]) ask(piece)
    const before = [...wire.requests]
    expect(before[0]).toEqual({ piece: 1, offset: 0, length: 10, callback: expect.any(Function) })
    answer(2)
    // The last takes the place of the one that is gone.
    expect(pieces()).toEqual([1, 4, 3])
    expect(wire.requests.every(request => before.includes(request))).toBe(true)
    answer(3)
    answer(1)
    expect(pieces()).toEqual([4])
    expect(wire.requests[0]).toBe(before[3])
  })

  test('has lost the request when its callback runs', () => {
    ask(1)
    wire.request(2, 0, 10, () => log.push(pieces()))
    ask(3)
    answer(2)
    expect(log).toEqual([[1, 3]])
  })

  test('an answer settles the first of several that are alike', () => {
    ask(1, 0, 10, 'first')
    ask(1, 0, 10, 'second')
    ask(1, 0, 10, 'third')
    answer(1)
    expect(log).toEqual([['first', 10]])
    answer(1)
    answer(1)
    answer(1)
    expect(log.map(([name]) => name).sort()).toEqual(['first', 'second', 'third'])
    expect(wire.downloaded).toBe(30)
    expect(wire.unsolicited).toEqual({ pieces: 1, bytes: 10 })
  })

  test('an answer of another offset or length is none', () => {
    ask(1, 0, 10)
    answer(1, 0, 9)
    answer(1, 1, 10)
    answer(0, 0, 10)
    expect(log).toEqual([])
    expect(pieces()).toEqual([1])
  })

  test('10,000 requests are settled in any order', () => {
    const count = 10_000
    for (let i = 0; i < count; i++) ask(i, 0, 1)
    for (let i = 0; i < count; i++) answer((i * 7919) % count, 0, 1)
    expect(log).toHaveLength(count)
    expect(wire.requests).toEqual([])
    expect(wire.downloaded).toBe(count)
  })

  test('a callback may ask again', () => {
    let left = 5
    const again = (error, block) => {
      log.push(error ?? block.length)
      if (--left > 0) wire.request(left, 0, 10, again)
    }
    wire.request(5, 0, 10, again)
    for (const piece of [5, 4, 3, 2, 1]) answer(piece)
    expect(log).toEqual([10, 10, 10, 10, 10])
    expect(pieces()).toEqual([])
  })
})

describe('a list that the caller edits', () => {
  const remove = index => {
    const [request] = wire.requests.splice(index, 1, ...wire.requests.splice(wire.requests.length - 1, 1))
    return request
  }

  test('in place, with _callback', () => {
    for (const piece of [1, 2, 3, 4]) ask(piece)
    const request = remove(1)
    wire._callback(request, new Error('not needed'), null)
    expect(log).toEqual([[2, 'not needed']])
    for (const piece of [4, 2, 1, 3]) answer(piece)
    expect(log).toEqual([[2, 'not needed'], [4, 10], [1, 10], [3, 10]])
    expect(wire.unsolicited.pieces).toBe(1)
  })

  test('without a word', () => {
    for (const piece of [1, 2, 3, 4]) ask(piece)
    wire.requests.shift()
    answer(4)
    answer(1)
    answer(3)
    answer(2)
    expect(log).toEqual([[4, 10], [3, 10], [2, 10]])
    ask(5)
    answer(5)
    expect(log.at(-1)).toEqual([5, 10])
  })

  test('by replacing it', () => {
    for (const piece of [1, 2, 3]) ask(piece)
    wire.requests = wire.requests.filter(request => request.piece !== 2)
    answer(2)
    answer(1)
    answer(3)
    expect(log).toEqual([[1, 10], [3, 10]])
    expect(wire.requests).toEqual([])
  })

  test('by emptying it', async () => {
    for (const piece of [1, 2, 3]) ask(piece)
    wire.requests.length = 0
    ask(4)
    expect(pieces()).toEqual([4])
    peer.say(messages.choke())
    expect(log).toEqual([[4, 'peer is choking']])
  })

  test('_callback of nothing does nothing', () => {
    wire._callback(null, new Error('why'), null)
    wire._callback(undefined, new Error('why'), null)
    expect(log).toEqual([])
  })
})

describe('a request fails', () => {
  test('while the peer chokes, at once and unsent', async () => {
    peer.say(messages.choke())
    await peer.heard()
    ask(1)
    expect(log).toEqual([[1, 'peer is choking']])
    expect(pieces()).toEqual([])
    expect(await peer.heard()).toHaveLength(0)
  })

  test('when the peer chokes, last first, after the event', () => {
    wire.on('choke', () => log.push(['choke', pieces()]))
    for (const piece of [1, 2, 3]) ask(piece)
    peer.say(messages.choke())
    expect(log).toEqual([
      ['choke', [1, 2, 3]], [3, 'peer is choking'], [2, 'peer is choking'], [1, 'peer is choking']
    ])
    answer(1)
    expect(wire.downloaded).toBe(0)
  })

  test('when it is cancelled, at once; then the cancel goes out', async () => {
    for (const piece of [1, 2, 3]) ask(piece)
    await peer.heard()
    wire.cancel(1, 0, 10)
    expect(log).toEqual([[1, 'request was cancelled']])
    expect(pieces()).toEqual([3, 2])
    expect(await peer.heard()).toEqual(messages.cancel(1, 0, 10))
  })

  test('what was never asked for is cancelled all the same', async () => {
    wire.cancel(9, 0, 10)
    expect(await peer.heard()).toEqual(messages.cancel(9, 0, 10))
  })

  test('of several that are alike, those that a cancel leaves are known and time out', async () => {
    wire.setTimeout(20)
    for (const name of ['first', 'second', 'third']) ask(1, 0, 10, name)
    wire.cancel(1, 0, 10)
    answer(1)
    expect(wire.requests).toHaveLength(1)
    expect(wire.unsolicited.pieces).toBe(0)
    await new Promise(resolve => wire.once('timeout', resolve))
    expect(log).toEqual([['first', 'request was cancelled'], ['third', 10], ['second', 'request has timed out']])
  })

  test('what is asked for again in the callback of a cancelled one is open', async () => {
    wire.request(1, 0, 10, () => ask(1, 0, 10, 'again'))
    wire.cancel(1, 0, 10)
    expect(await peer.heard()).toEqual(Buffer.concat([
      messages.request(1, 0, 10), messages.request(1, 0, 10), messages.cancel(1, 0, 10)
    ]))
    answer(1)
    expect(log).toEqual([['again', 10]])
    expect(wire.unsolicited.pieces).toBe(0)
  })

  test('of several that are alike, a cancel takes the first', () => {
    ask(1, 0, 10, 'first')
    ask(1, 0, 10, 'second')
    wire.cancel(1, 0, 10)
    expect(log).toEqual([['first', 'request was cancelled']])
    answer(1)
    expect(log.at(-1)).toEqual(['second', 10])
  })

  test('when the wire is closed, last first', async () => {
    await close(wire)
    await connect({ fast: true })
    for (const piece of [1, 2, 3]) ask(piece)
    wire.on('close', () => log.push('close'))
    wire.destroy()
    await new Promise(resolve => wire.once('close', resolve))
    expect(log.filter(entry => entry !== 'close')).toEqual([
      [3, 'wire was closed'], [2, 'wire was closed'], [1, 'wire was closed']
    ])
    ask(4)
    expect(log.at(-1)).toEqual([4, 'wire is closed'])
  })

  test('with a throwing callback among them, none is lost', async () => {
    wire.request(1, 0, 10, error => log.push([1, error.message]))
    wire.request(2, 0, 10, () => { throw new Error('from the callback') })
    wire.request(3, 0, 10, error => log.push([3, error.message]))
    expect(() => peer.say(messages.choke())).toThrow('from the callback')
    await peer.heard()
    expect(log).toEqual([[3, 'peer is choking'], [1, 'peer is choking']])
    expect(pieces()).toEqual([])
  })
})

describe('with the fast extension', () => {
  beforeEach(async () => {
    await close(wire)
    await connect({ fast: true })
  })

  test('a choke fails nothing: rejects do', () => {
    for (const piece of [1, 2, 3]) ask(piece)
    peer.say(messages.choke())
    expect(log).toEqual([])
    const events = peer.note('reject')
    wire.on('reject', () => log.push('reject'))
    peer.say(messages.reject(2, 0, 10))
    expect(log).toEqual([[2, 'request was rejected'], 'reject'])
    expect(pieces()).toEqual([1, 3])
    expect(events).toEqual([['reject', 2, 0, 10]])
  })
})

describe('a timeout', () => {
  beforeEach(async () => {
    await close(wire)
    jest.useFakeTimers({ now: 0, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
    await connect()
    wire.on('timeout', () => log.push('timeout'))
  })

  afterEach(() => jest.useRealTimers())

  test('fails the request, then has its event', () => {
    wire.setTimeout(1000)
    ask(1)
    jest.advanceTimersByTime(999)
    expect(log).toEqual([])
    jest.advanceTimersByTime(2)
    expect(log).toEqual([[1, 'request has timed out'], 'timeout'])
    expect(pieces()).toEqual([])
  })

  test('is each request\'s own, oldest first', async () => {
    wire.setTimeout(1000)
    ask(1)
    await peer.heard()
    jest.advanceTimersByTime(400)
    ask(2)
    await peer.heard()
    jest.advanceTimersByTime(400)
    // An answer to another request puts nothing off.
    ask(3)
    answer(3)
    await peer.heard()
    jest.advanceTimersByTime(250)
    expect(log).toEqual([[3, 10], [1, 'request has timed out'], 'timeout'])
    await peer.heard()
    jest.advanceTimersByTime(400)
    expect(log.slice(3)).toEqual([[2, 'request has timed out'], 'timeout'])
  })

  test('holds for requests that are open already, and 0 ends it', async () => {
    ask(1)
    jest.advanceTimersByTime(10_000)
    expect(log).toEqual([])
    await peer.heard()
    wire.setTimeout(1000)
    jest.advanceTimersByTime(1)
    expect(log).toEqual([[1, 'request has timed out'], 'timeout'])
    ask(2)
    wire.setTimeout(0)
    jest.advanceTimersByTime(100_000)
    expect(log).toHaveLength(2)
    expect(jest.getTimerCount()).toBe(0)
  })

  test('has no timer without requests, nor when closed', async () => {
    wire.setTimeout(1000)
    expect(jest.getTimerCount()).toBe(0)
    ask(1)
    expect(jest.getTimerCount()).toBe(1)
    await close(wire)
    expect(jest.getTimerCount()).toBe(0)
    expect(log).toEqual([[1, 'peer is choking']])
  })

  test('a callback that asks again has a new deadline', async () => {
    wire.setTimeout(1000)
    wire.request(1, 0, 10, () => ask(2))
    jest.advanceTimersByTime(1001)
    expect(log).toEqual(['timeout'])
    expect(pieces()).toEqual([2])
    await peer.heard()
    jest.advanceTimersByTime(1001)
    expect(log).toEqual(['timeout', [2, 'request has timed out'], 'timeout'])
  })

  test('a throwing callback loses no other', async () => {
    wire.setTimeout(1000)
    wire.request(1, 0, 10, () => { throw new Error('from the callback') })
    ask(2)
    expect(() => jest.advanceTimersByTime(1001)).toThrow('from the callback')
    await peer.heard()
    jest.advanceTimersByTime(1001)
    expect(log).toEqual(['timeout', [2, 'request has timed out'], 'timeout'])
  })
})
