'use strict'

/** What callers of peer-wire-protocol rely on, and where its relative here is safer. */

const peerWireProtocol = require('../../compat/peer-wire-protocol')
const { Peer, note, turn, messages, INFO_HASH, ID, PEER_ID } = require('./support/peer')

let wire, peer

beforeEach(() => {
  wire = peerWireProtocol({ speed: 10 })
  peer = new Peer(wire)
})

afterEach(() => {
  jest.useRealTimers()
  wire.destroy()
  return turn()
})

function fakeTimers () {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] })
}

describe('the factory', () => {
  test('with new, without, and extended', () => {
    class Own extends peerWireProtocol {
      own () {
        return this.amChoking
      }
    }
    for (const made of [new peerWireProtocol(), peerWireProtocol(), new Own()]) { // eslint-disable-line new-cap
      expect(made).toBeInstanceOf(peerWireProtocol)
      made.destroy()
    }
    expect(new Own().own()).toBe(true)
  })

  test('a fresh wire', () => {
    expect(wire).toMatchObject({
      amChoking: true,
      amInterested: false,
      peerChoking: true,
      peerInterested: false,
      peerPieces: [],
      peerExtensions: {},
      peerAddress: null,
      uploaded: 0,
      downloaded: 0,
      requests: [],
      peerRequests: []
    })
    expect([wire.uploadSpeed(), wire.downloadSpeed()]).toEqual([0, 0])
  })
})

describe('the handshake', () => {
  test('the info hash is hexadecimal or bytes, the peer id text or bytes', async () => {
    const expected = Buffer.concat([
      Buffer.from('\x13BitTorrent protocol'), Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 1]),
      Buffer.from(INFO_HASH, 'hex'), Buffer.from(ID)
    ])
    wire.handshake(INFO_HASH, ID, { dht: true })
    expect(await peer.heard()).toEqual(expected)
    const other = peerWireProtocol()
    const otherPeer = new Peer(other)
    other.handshake(Buffer.from(INFO_HASH, 'hex'), Buffer.from(ID), { dht: true })
    expect(await otherPeer.heard()).toEqual(expected)
    other.destroy()
    expect(() => wire.handshake(INFO_HASH, 'too short')).toThrow('infoHash and peerId MUST have length 20')
  })

  test('the event has Buffers', () => {
    const log = note(wire, 'handshake')
    peer.greet()
    const extensions = { dht: true, extended: true }
    expect(log).toEqual([['handshake', Buffer.from(INFO_HASH, 'hex'), Buffer.from(PEER_ID), extensions]])
    expect(wire.peerExtensions).toEqual(extensions)
  })

  test('no extended handshake goes out by itself', async () => {
    wire.handshake(INFO_HASH, ID)
    peer.greet()
    expect(await peer.heard()).toHaveLength(68)
    wire.extended(0, { m: { ut_metadata: 1 } })
    expect(await peer.heard()).toEqual(messages.extended(0, messages.bencode({ m: { ut_metadata: 1 } })))
  })
})

describe('messages', () => {
  beforeEach(() => peer.greet())

  test('peerPieces is a plain array', () => {
    const log = note(wire, 'bitfield', 'have')
    peer.say(messages.bitfield(Buffer.from([0b10100000])), messages.have(1), messages.have(11))
    expect(Array.isArray(wire.peerPieces)).toBe(true)
    expect(wire.peerPieces.length).toBe(12)
    expect([0, 1, 2, 3, 11].map(i => wire.peerPieces[i])).toEqual([true, true, true, false, true])
    expect(log).toEqual([['bitfield', Buffer.from([0b10100000])], ['have', 1], ['have', 11]])
  })

  test('a bitfield is sent as bytes, or as an object that has them', async () => {
    wire.bitfield(Buffer.from([1, 2]))
    wire.bitfield({ buffer: Buffer.from([3]) })
    expect(await peer.heard()).toEqual(Buffer.concat([messages.bitfield(Buffer.from([1, 2])), messages.bitfield(Buffer.from([3]))]))
  })

  test('extended messages come with the id and the bytes', () => {
    const log = note(wire, 'extended')
    const handshake = messages.bencode({ m: { ut_metadata: 3 }, metadata_size: 5 })
    peer.say(messages.extended(0, handshake), messages.extended(7, Buffer.from('bytes')))
    expect(log).toEqual([['extended', 0, handshake], ['extended', 7, Buffer.from('bytes')]])
  })

  test('a block goes and comes', async () => {
    wire.unchoke()
    wire.on('request', (index, offset, length, respond) => respond(null, Buffer.alloc(length, index)))
    const uploads = note(wire, 'upload')
    peer.say(messages.unchoke(), messages.request(3, 16, 5))
    expect(await peer.heard()).toEqual(Buffer.concat([messages.unchoke(), messages.piece(3, 16, Buffer.alloc(5, 3))]))
    expect([wire.uploaded, uploads, wire.peerRequests]).toEqual([5, [['upload', 5]], []])
    expect(wire.uploadSpeed()).toBeGreaterThan(0)

    const log = note(wire, 'download', 'piece')
    wire.request(1, 2, 3, (...args) => log.push(['callback', ...args]))
    expect(wire.requests).toMatchObject([{ piece: 1, offset: 2, length: 3 }])
    const block = Buffer.from('abc')
    peer.say(messages.piece(1, 2, block))
    expect(log).toEqual([['callback', null, block], ['download', 3], ['piece', 1, 2, block]])
    expect([wire.downloaded, wire.requests]).toEqual([3, []])
    expect(wire.downloadSpeed()).toBeGreaterThan(0)
  })

  test('a block that nobody asked for is not counted', () => {
    const log = note(wire, 'download', 'piece')
    peer.say(messages.piece(1, 2, Buffer.from('abc')))
    expect(log.map(([event]) => event)).toEqual(['download', 'piece'])
    expect(wire.downloaded).toBe(0)
  })

  test('requests fail oldest first', () => {
    const log = []
    const ask = index => wire.request(index, 0, 1, error => log.push([index, error.message]))
    ask(0)
    peer.say(messages.unchoke())
    for (const index of [1, 2, 3]) ask(index)
    wire.cancel(2, 0, 1)
    wire.on('choke', () => log.push('choke'))
    peer.say(messages.choke())
    peer.say(messages.unchoke())
    for (const index of [4, 5]) ask(index)
    wire.on('finish', () => {
      expect(log).toEqual([
        [0, 'peer is choking'], [2, 'request was cancelled'], 'choke', [1, 'peer is choking'], [3, 'peer is choking'],
        [6, 'wire is closed'], [4, 'wire is closed'], [5, 'wire is closed']
      ])
      log.push('finished')
    })
    wire.destroy()
    ask(6)
    return turn().then(() => expect(log.at(-1)).toBe('finished'))
  })

  test('a callback that throws keeps no other from being called', () => {
    const log = []
    peer.say(messages.unchoke())
    wire.request(1, 0, 1, () => { throw new Error('of the application') })
    wire.request(2, 0, 1, error => log.push(error.message))
    expect(() => peer.say(messages.choke())).toThrow('of the application')
    return turn().then(() => expect(log).toEqual(['peer is choking']))
  })
})

describe('time', () => {
  beforeEach(() => {
    fakeTimers()
    peer.greet(messages.unchoke())
  })

  test('requests time out one after the other', () => {
    const log = []
    wire.setTimeout(1000, () => log.push('timeout'))
    for (const index of [1, 2, 3]) wire.request(index, 0, 1, error => log.push([index, error?.message ?? 'block']))
    jest.advanceTimersByTime(999)
    expect(log).toEqual([])
    jest.advanceTimersByTime(1)
    expect(log).toEqual([[1, 'request has timed out'], 'timeout'])
    jest.advanceTimersByTime(999)
    peer.say(messages.piece(2, 0, Buffer.alloc(1)))
    jest.advanceTimersByTime(999)
    expect(log).toEqual([[1, 'request has timed out'], 'timeout', [2, 'block']])
    jest.advanceTimersByTime(1)
    expect(log.slice(3)).toEqual([[3, 'request has timed out'], 'timeout'])
    expect(jest.getTimerCount()).toBe(0)
  })

  test('a late block of a request that timed out is none of ours', () => {
    const log = note(wire, 'piece')
    wire.setTimeout(10)
    wire.request(1, 0, 1)
    jest.advanceTimersByTime(10)
    peer.say(messages.piece(1, 0, Buffer.alloc(1)))
    expect([log.length, wire.downloaded]).toEqual([1, 0])
  })

  test('a keep-alive every 60 seconds, until the wire is closed', async () => {
    wire.setKeepAlive(true)
    jest.advanceTimersByTime(59_999)
    expect(await peer.heard()).toHaveLength(0)
    jest.advanceTimersByTime(1)
    expect(await peer.heard()).toEqual(messages.keepAlive())
    wire.setKeepAlive(false)
    jest.advanceTimersByTime(600_000)
    expect(await peer.heard()).toHaveLength(0)
    wire.setKeepAlive(true)
    wire.destroy()
    wire.setKeepAlive(true)
    expect(jest.getTimerCount()).toBe(0)
  })
})

describe('the end', () => {
  test('destroy: close, then finish and end', async () => {
    const log = note(wire, 'close', 'finish', 'end', 'choke', 'uninterested')
    wire.have(1)
    expect(wire.destroy()).toBe(wire)
    expect(log).toEqual([['close']])
    wire.destroy()
    expect(await peer.heard()).toEqual(messages.have(1))
    await turn()
    expect(log).toEqual([['close'], ['finish'], ['end']])
    expect(wire.destroyed).toBe(true)
  })

  test('end by the peer: close comes last', async () => {
    const log = note(wire, 'close', 'finish', 'end')
    wire.end()
    await turn()
    await turn()
    expect(log).toEqual([['finish'], ['end'], ['close']])
  })

  test('destroyed in a handler: nothing comes after it, and it still finishes', async () => {
    const log = note(wire, 'unchoke', 'interested', 'close', 'finish', 'end')
    wire.once('unchoke', () => wire.destroy())
    peer.greet(messages.unchoke(), messages.interested())
    await turn()
    await turn()
    expect(log).toEqual([['unchoke'], ['close'], ['finish'], ['end']])
  })

  test('what comes after the end is ignored', async () => {
    wire.on('error', error => { throw error })
    wire.destroy()
    peer.greet()
    await new Promise(resolve => wire.write(Buffer.from('more'), resolve))
    wire.have(1)
    wire.choke()
  })
})
