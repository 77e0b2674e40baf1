'use strict'

/** From `connect` to the peer's handshake: fallback to plaintext, timeouts, signals, who is let in. */

const { randomBytes } = require('node:crypto')
const { once } = require('node:events')

const { RawPeer } = require('../helpers/mse.js')
const {
  CLIENT_ID, INFO_HASH, SERVER_ID, closeAll, connect, download, listen, native, pair, piped, rawServer, rawSocket, seen, serve, until
} = require('./support/peers.js')

const BLOCK = randomBytes(16384)
const HANDSHAKE = Buffer.concat([Buffer.from('\u0013BitTorrent protocol', 'latin1'), Buffer.alloc(8), INFO_HASH, SERVER_ID])

afterEach(closeAll)

describe('fallback to plaintext on another connection', () => {
  /** How a peer that does not know the crypto handshake takes it. */
  const PEERS = {
    'hangs up': socket => socket.end(),
    'resets the connection': socket => socket.resetAndDestroy(),
    'answers with something else': socket => socket.write(Buffer.alloc(2000))
  }

  test.each(Object.entries(PEERS))('the peer %s', async (name, take) => {
    const server = await rawServer()
    const first = []
    server.on('connection', socket => socket.once('data', bytes => {
      if (bytes[0] === 19 && bytes.subarray(1, 20).toString('latin1') === 'BitTorrent protocol') {
        first.push('plaintext')
        socket.unshift(bytes)
        const wire = piped(socket, 'tcpIncoming', 0)
        serve(wire, BLOCK)
        wire.on('have', index => first.push(index))
        wire.once('handshake', () => wire.handshake(INFO_HASH, SERVER_ID))
      } else {
        first.push('encrypted')
        take(socket)
      }
    }))
    const client = connect(server.address().port, { encryption: 'allow' })
    let connects = 0
    client.on('connect', () => {
      connects++
      client.have(5)
    })
    client.on('error', error => { throw error })
    await seen(client, 'handshake')
    client.interested()
    await seen(client, 'unchoke')
    await download(client, BLOCK, 20)
    expect(first).toEqual(['encrypted', 'plaintext', 5])
    expect(connects).toBe(1)
    expect(client._encryptionMethod).toBeUndefined()
    expect(client.remotePort).toBe(server.address().port)
  })

  test('the peer says nothing until the time is over', async () => {
    const server = await rawServer()
    const client = connect(server.address().port, { encryption: 'allow', handshakeTimeout: 50 })
    const [first] = await once(server, 'connection')
    const ended = once(first, 'end')
    first.resume()
    const [second] = await once(server, 'connection')
    const [bytes] = await once(second, 'data')
    expect(bytes.subarray(1, 20).toString('latin1')).toBe('BitTorrent protocol')
    await ended
    second.write(HANDSHAKE)
    await once(client, 'handshake')
  })

  test('not where encryption is required', async () => {
    const server = await rawServer()
    let connections = 0
    server.on('connection', socket => {
      connections++
      socket.end()
      socket.resume()
    })
    const client = connect(server.address().port, { encryption: 'require' })
    await seen(client, 'disconnect')
    expect(connections).toBe(1)
  })

  test('not after the crypto handshake', async () => {
    const server = await listen({ encryption: 'require' }, wire => wire.once('handshake', () => wire.destroy()))
    let connections = 0
    server.on('wire', () => connections++)
    const client = connect(server.address().port, { encryption: 'allow' })
    await seen(client, 'disconnect')
    expect(connections).toBe(1)
  })

  test('not twice: when the second connection is lost too, the wire closes', async () => {
    const server = await rawServer()
    let connections = 0
    server.on('connection', socket => {
      connections++
      socket.end()
      socket.resume()
    })
    const client = connect(server.address().port, { encryption: 'allow' })
    await seen(client, 'disconnect')
    expect(connections).toBe(2)
  })

  test('a wire that is destroyed meanwhile opens no other connection', async () => {
    const server = await rawServer()
    let connections = 0
    const client = connect(server.address().port, { encryption: 'allow' })
    server.on('connection', socket => {
      connections++
      client.destroy()
      socket.resetAndDestroy()
    })
    await seen(client, 'close')
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(connections).toBe(1)
  })
})

describe('a server takes', () => {
  test('plain and encrypted peers on one port, by default', async () => {
    const server = await listen({ encryption: undefined }, wire => serve(wire, BLOCK))
    for (const encryption of ['none', 'allow', 'require']) {
      const client = connect(server.address().port, { encryption })
      await once(client, 'handshake')
    }
  })

  test.each([['none', 'require'], ['require', 'none']])('only its own kind: encryption %s, the peer %s', async (ours, theirs) => {
    const server = await listen({ encryption: ours })
    const accepted = once(server, 'wire')
    const client = connect(server.address().port, { encryption: theirs })
    const [wire] = await accepted
    await seen(client, 'close')
    expect(wire.closeReason.code).toMatch(/^ERR_/)
  })

  test('an MSE peer written from the specification', async () => {
    const server = await listen({ encryption: 'require' }, wire => serve(wire, BLOCK))
    const socket = await rawSocket(server.address().port)
    const peer = new RawPeer(socket, INFO_HASH.toString('hex'))
    const plain = Buffer.concat([HANDSHAKE.subarray(0, 48), CLIENT_ID])
    await peer.open({ ia: plain })
    expect((await peer.readEncrypted(68)).subarray(48)).toEqual(SERVER_ID)
    // In pieces, over the end of every read.
    for (const byte of Buffer.from([0, 0, 0, 1, 2])) await peer.sendEncrypted(Buffer.from([byte]))
    expect(await peer.readEncrypted(5)).toEqual(Buffer.from([0, 0, 0, 1, 1]))
  })
})

describe('who is let in', () => {
  const OTHER = Buffer.alloc(20, 0x44)

  test('infoHashes: others are refused', async () => {
    const server = await listen()
    const accepted = once(server, 'wire')
    const client = connect(server.address().port, { infoHash: OTHER })
    const [wire] = await accepted
    await seen(client, 'close')
    expect(wire.closeReason).toMatchObject({ name: 'WireError', code: 'ERR_UNKNOWN_INFO_HASH' })
  })

  test('what is said to a peer that is refused does not leave', async () => {
    const server = await listen({ infoHashes: [Buffer.alloc(20, 0x77)] }, wire => {
      wire.on('handshake', () => wire.bitfield(Buffer.alloc(4, 0xff)))
    })
    const socket = await rawSocket(server.address().port)
    const received = []
    socket.on('data', bytes => received.push(bytes))
    socket.write(HANDSHAKE)
    await once(socket, 'end')
    socket.end()
    expect(received).toEqual([])
  })

  test('infoHashes that change', async () => {
    const infoHashes = new Set([INFO_HASH.toString('hex')])
    const server = await listen({ infoHashes })
    await once(connect(server.address().port), 'handshake')
    infoHashes.clear()
    infoHashes.add(OTHER.toString('hex'))
    await seen(connect(server.address().port), 'close')
    await once(connect(server.address().port, { infoHash: OTHER }), 'handshake')
  })

  test.each([
    ['a boolean', result => result],
    ['a promise', async result => result]
  ])('onInfoHash, with %s', async (name, wrap) => {
    const asked = []
    const server = await listen({
      infoHashes: undefined,
      onInfoHash (infoHash, wire) {
        asked.push([infoHash, wire.remotePort])
        return wrap(infoHash === OTHER.toString('hex'))
      }
    })
    const client = connect(server.address().port, { infoHash: OTHER })
    await once(client, 'handshake')
    await seen(connect(server.address().port), 'close')
    expect(asked).toEqual([[OTHER.toString('hex'), client.localPort], [INFO_HASH.toString('hex'), expect.any(Number)]])
  })

  test.each([
    ['throws', () => { throw new Error('mine') }],
    ['rejects', async () => { throw new Error('mine') }]
  ])('onInfoHash that %s refuses the peer', async (name, onInfoHash) => {
    const server = await listen({ onInfoHash })
    const accepted = once(server, 'wire')
    const client = connect(server.address().port)
    const [wire] = await accepted
    await seen(client, 'close')
    expect(wire.closeReason).toMatchObject({ code: 'ERR_UNKNOWN_INFO_HASH', cause: { message: 'mine' } })
  })

  test('maxConnections: who comes besides is dropped', async () => {
    const { server, client } = await pair({ maxConnections: 1 })
    const dropped = once(server, 'drop')
    const second = connect(server.address().port)
    await seen(second, 'close')
    expect((await dropped)[0]).toMatchObject({ remoteAddress: '127.0.0.1', localPort: server.address().port, remoteFamily: 'IPv4' })
    client.destroy()
    await until(() => server.wires.size === 0)
    await once(connect(server.address().port), 'handshake')
  })
})

describe('timeouts', () => {
  test('no connection in time: ETIMEDOUT', async () => {
    // The name is never found.
    const wire = connect(1, { host: 'peer.invalid', lookup () {}, connectTimeout: 20 })
    const [error] = await once(wire, 'error')
    expect(error).toMatchObject({ code: 'ETIMEDOUT', syscall: 'connect', address: 'peer.invalid', port: 1 })
  })

  test('no handshake in time, as a client', async () => {
    const server = await rawServer()
    const wire = connect(server.address().port, { handshakeTimeout: 20 })
    await seen(wire, 'close')
    expect(wire.closeReason).toMatchObject({ name: 'WireError', code: 'ERR_HANDSHAKE_TIMEOUT' })
  })

  test('no handshake in time, as a server', async () => {
    const server = await listen({ handshakeTimeout: 20 })
    const accepted = once(server, 'wire')
    await rawSocket(server.address().port)
    const [wire] = await accepted
    await seen(wire, 'close')
    expect(wire.closeReason.code).toBe('ERR_HANDSHAKE_TIMEOUT')
  })

  test('they end with the handshake', async () => {
    const { client, wire } = await pair({ handshakeTimeout: 60, connectTimeout: 60 })
    await new Promise(resolve => setTimeout(resolve, 100))
    expect([client.closeReason, wire.closeReason]).toEqual([null, null])
    const have = once(wire, 'have')
    client.have(1)
    await have
  })
})

describe('signal', () => {
  test('aborted before', async () => {
    const wire = connect(1, { signal: AbortSignal.abort('enough') })
    const [error] = await once(wire, 'error')
    expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' })
  })

  test('aborted while it connects, and when it is connected', async () => {
    for (const event of ['lookup', 'handshake']) {
      const server = await listen()
      const controller = new AbortController()
      const wire = connect(server.address().port, {
        host: 'peer.invalid',
        signal: controller.signal,
        lookup (host, options, callback) {
          if (event === 'lookup') controller.abort()
          callback(null, [{ address: '127.0.0.1', family: 4 }])
        }
      })
      wire.once('handshake', () => controller.abort())
      const [error] = await once(wire, 'error')
      expect(error.code).toBe('ABORT_ERR')
      server.close()
    }
  })

  test('of a server', async () => {
    const controller = new AbortController()
    const server = await listen({ signal: controller.signal })
    controller.abort()
    await once(server, 'close')
    expect(server.listening).toBe(false)
  })
})

test('localAddress and localPort', async () => {
  const server = await listen({ host: undefined })
  const wire = connect(server.address().port, { localAddress: '127.0.0.3' })
  await once(wire, 'connect')
  expect(wire.localAddress).toBe('127.0.0.3')
  const taken = connect(server.address().port, { localAddress: '127.0.0.3', localPort: wire.localPort })
  const [error] = await once(taken, 'error')
  expect(error.syscall).toMatch(/bind|connect/)
  expect(error.code).toMatch(/EADDRINUSE|EADDRNOTAVAIL/)
})

test('a server may be given a name', async () => {
  const server = await listen({ host: 'localhost' })
  expect(server.address().address).toMatch(/^(127\.0\.0\.1|::1)$/)
})

test.each([
  ['a bad local address', { localAddress: 'here' }, /localAddress must be an IP address/],
  ['a bad timeout', { connectTimeout: -1 }, /connectTimeout must be/],
  ['a bad signal', { signal: {} }, /signal must be an AbortSignal/],
  ['a bad family', { family: 5 }, /family must be/],
  ['a bad lookup', { lookup: 'dns' }, /lookup must be a function/]
])('connect throws: %s', (name, options, message) => {
  expect(() => native.connect({ port: 1, ...options })).toThrow(message)
})

test.each([
  ['no options', undefined, /options must be an object/],
  ['a bad port', { port: -1 }, /port must be/],
  ['a bad maxConnections', { maxConnections: 'many' }, /maxConnections must be/],
  ['a bad infoHashes', { infoHashes: 5 }, /infoHashes must be/],
  ['an option of the wire', { highWaterMark: 0 }, /highWaterMark must be/]
])('listen throws: %s', (name, options, message) => {
  expect(() => native.listen(options)).toThrow(message)
})
