'use strict'

/** The fast extension, BEP 6. */

const { ScriptedPeer, close } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

let peer, wire

async function connect (options) {
  peer = await ScriptedPeer.connect(options)
  wire = peer.wire
}

beforeEach(() => connect({ fast: true }))

afterEach(() => close(wire))

describe('without it', () => {
  beforeEach(async () => {
    await close(wire)
    await connect()
  })

  test.each([
    ['suggest', [1]], ['haveAll', []], ['haveNone', []], ['reject', [1, 2, 3]], ['allowedFast', [1]]
  ])('%s throws, and sends nothing', async (method, args) => {
    expect(() => wire[method](...args)).toThrow(new Error('fast extension is disabled'))
    expect(await peer.heard()).toHaveLength(0)
    expect(wire.allowedFastSet).toEqual([])
  })

  test.each(['_onHaveAll', '_onHaveNone', '_onSuggest', '_onReject', '_onAllowedFast'])('%s closes the wire', method => {
    const events = peer.note('have-all', 'have-none', 'suggest', 'reject', 'allowed-fast')
    wire[method](1, 2, 3)
    expect(events).toEqual([])
    return new Promise(resolve => wire.once('close', resolve))
  })

  test('setting hasFast is enough', async () => {
    wire.hasFast = true
    wire.haveAll()
    expect(await peer.heard()).toEqual(messages.haveAll())
    const events = peer.note('have-none')
    peer.say(messages.haveNone())
    expect(events).toHaveLength(1)
  })
})

describe('allowed-fast pieces of the peer', () => {
  test('may be requested while it chokes', async () => {
    const results = []
    const events = peer.note('allowed-fast')
    peer.say(messages.allowedFast(5), messages.allowedFast(3), messages.allowedFast(5))
    expect(wire.peerAllowedFastSet).toEqual([5, 3])
    expect(events.map(([, index]) => index)).toEqual([5, 3, 5])
    for (const piece of [3, 4, 5]) wire.request(piece, 0, 1, (error, block) => results.push([piece, error?.message ?? block.length]))
    expect(results).toEqual([[4, 'peer is choking']])
    expect(await peer.heard()).toEqual(Buffer.concat([messages.request(3, 0, 1), messages.request(5, 0, 1)]))
    peer.say(messages.piece(5, 0, Buffer.alloc(1)))
    expect(results.at(-1)).toEqual([5, 1])
  })

  test('may be added by the caller', async () => {
    wire.peerAllowedFastSet.push(7)
    wire.request(7, 0, 1)
    wire._onAllowedFast(8)
    wire.request(8, 0, 1)
    expect(wire.peerAllowedFastSet).toEqual([7, 8])
    wire.peerAllowedFastSet = []
    wire.request(7, 1, 1)
    expect(await peer.heard()).toEqual(Buffer.concat([messages.request(7, 0, 1), messages.request(8, 0, 1)]))
  })

  test('stay at 100', () => {
    for (let i = 0; i < 150; i++) peer.say(messages.allowedFast(i))
    expect(wire.peerAllowedFastSet).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })
})

describe('allowed-fast pieces of ours', () => {
  test('may be requested while we choke', async () => {
    const events = peer.note('request')
    wire.allowedFast(2)
    wire.allowedFast(2)
    expect(wire.allowedFastSet).toEqual([2])
    peer.say(messages.request(1, 0, 1), messages.request(2, 0, 1))
    expect(events.map(([, piece]) => piece)).toEqual([2])
    expect(await peer.heard()).toEqual(Buffer.concat([
      messages.allowedFast(2), messages.allowedFast(2), messages.reject(1, 0, 1)
    ]))
  })

  test('may be added by the caller, and count when it chokes', async () => {
    wire.unchoke()
    await peer.heard()
    peer.say(messages.request(1, 0, 1), messages.request(2, 0, 1))
    wire.allowedFastSet.push(2)
    wire.choke()
    expect(wire.peerRequests.map(request => request.piece)).toEqual([2])
    expect(await peer.heard()).toEqual(Buffer.concat([messages.choke(), messages.reject(1, 0, 1)]))
  })
})

describe('have-all and have-none', () => {
  test('have-all makes every piece the peer\'s, without a setAll', () => {
    peer.say(messages.haveAll())
    expect([0, 1, 4e9].map(index => wire.peerPieces.get(index))).toEqual([true, true, true])
    expect(wire.peerPieces.buffer).toHaveLength(0)
    expect(wire.peerPieces.setAll).toBe(undefined)
    wire.peerPieces.set(0, false)
    expect(wire.peerPieces.get(0)).toBe(true)
  })

  test('no have is news after have-all', () => {
    const events = peer.note('have')
    peer.say(messages.haveAll(), messages.have(1))
    expect(events).toEqual([])
  })

  test('the newest of them and bitfield replaces the others', () => {
    peer.say(messages.haveAll(), messages.haveNone())
    expect([wire.peerPieces.get(0), wire.peerPieces.isEmpty()]).toEqual([false, true])
    peer.say(messages.bitfield(Buffer.from([0x40])))
    expect([wire.peerPieces.get(0), wire.peerPieces.get(1)]).toEqual([false, true])
    peer.say(messages.haveAll())
    expect(wire.peerPieces.get(0)).toBe(true)
    const events = peer.note('have')
    peer.say(messages.haveNone(), messages.have(1))
    expect(events).toEqual([['have', 1]])
  })

  test('_onHaveAll and _onHaveNone do what the messages do', () => {
    const events = peer.note('have-all', 'have-none', 'have')
    wire._onHaveAll()
    expect(wire.peerPieces.get(5)).toBe(true)
    peer.say(messages.have(5))
    wire._onHaveNone()
    expect(wire.peerPieces.get(5)).toBe(false)
    peer.say(messages.have(5))
    expect(events).toEqual([['have-all'], ['have-none'], ['have', 5]])
  })
})

describe('reject and suggest', () => {
  test('our reject takes the request from the list', async () => {
    wire.unchoke()
    peer.say(messages.request(1, 0, 1), messages.request(2, 0, 1))
    await peer.heard()
    const [{ callback }] = wire.peerRequests
    wire.reject(1, 0, 1)
    expect(wire.peerRequests.map(request => request.piece)).toEqual([2])
    callback(null, Buffer.alloc(1))
    expect(await peer.heard()).toEqual(messages.reject(1, 0, 1))
  })

  test('respond with an error rejects', async () => {
    wire.unchoke()
    wire.on('request', (piece, offset, length, respond) => respond(new Error('no such piece')))
    peer.say(messages.request(1, 2, 3))
    expect(await peer.heard()).toEqual(Buffer.concat([messages.unchoke(), messages.reject(1, 2, 3)]))
    expect(wire.peerRequests).toEqual([])
  })

  test('a reject of what was not requested is an event and no more', () => {
    const events = peer.note('reject')
    peer.say(messages.reject(1, 2, 3))
    expect(events).toEqual([['reject', 1, 2, 3]])
  })

  test('_onReject and _onSuggest do what the messages do', () => {
    const results = []
    const events = peer.note('reject', 'suggest')
    peer.say(messages.unchoke())
    wire.request(1, 2, 3, error => results.push(error.message))
    wire._onReject(1, 2, 3)
    wire._onSuggest(4)
    expect(results).toEqual(['request was rejected'])
    expect(events).toEqual([['reject', 1, 2, 3], ['suggest', 4]])
    peer.say(messages.piece(1, 2, Buffer.alloc(3)))
    expect(wire.unsolicited.pieces).toBe(1)
  })
})
