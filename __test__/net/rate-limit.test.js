'use strict'

/**
 * Limits on bytes a second. That nothing is faster than its limit holds on every machine; how exact and
 * how fair limits are is tested in src/transport/rate, on a clock of the test's own.
 */

const { randomBytes } = require('node:crypto')
const { once } = require('node:events')

const { closeAll, connect, download, listen, native, pair, rawServer, rawSocket, seen, serve, until } = require('./support/peers.js')

const { RateLimit } = native
const BLOCK = randomBytes(16384)

/** What a limit keeps of an idle time, and what it makes up for a late thread, in seconds. */
const KEPT = 0.1

afterEach(closeAll)

/** Runs something that passes `bytes`, and gives how long it took, in seconds. */
async function time (run) {
  const start = performance.now()
  await run()
  return (performance.now() - start) / 1000
}

/** The least time that `bytes` take through a limit, in seconds. */
function atLeast (bytes, rate) {
  return bytes / rate - KEPT
}

/** A wire to a server that serves, and unchokes it. */
async function leecher (server, options = {}) {
  const client = connect(server.address().port, options)
  await seen(client, 'handshake')
  const unchoked = seen(client, 'unchoke')
  client.interested()
  await unchoked
  return client
}

/** Two wires of which the second serves, with both handshakes done. */
async function serving (options, pairOptions = {}) {
  const { client, wire } = await pair(pairOptions)
  client.rateLimit = options.rateLimit
  serve(wire, BLOCK)
  client.interested()
  await seen(client, 'unchoke')
  return { client, wire }
}

describe('a limit', () => {
  test('has what it was made of, and what it was set to', () => {
    const parent = new RateLimit()
    expect([parent.download, parent.upload, parent.parent]).toEqual([Infinity, Infinity, null])
    const limit = new RateLimit({ download: 1000, upload: 0.5, parent })
    expect([limit.download, limit.upload, limit.parent]).toEqual([1000, 0.5, parent])
    limit.download = 0
    limit.upload = null
    expect([limit.download, limit.upload]).toEqual([0, Infinity])
    expect(new RateLimit({ download: undefined, upload: null, parent: null }).parent).toBe(null)
  })

  test.each([
    [() => new RateLimit(null), TypeError, 'ERR_INVALID_ARG_TYPE'],
    [() => new RateLimit(1000), TypeError, 'ERR_INVALID_ARG_TYPE'],
    [() => new RateLimit({ download: '1000' }), TypeError, 'ERR_INVALID_ARG_TYPE'],
    [() => new RateLimit({ upload: 1000n }), TypeError, 'ERR_INVALID_ARG_TYPE'],
    [() => new RateLimit({ download: -1 }), RangeError, 'ERR_OUT_OF_RANGE'],
    [() => new RateLimit({ upload: NaN }), RangeError, 'ERR_OUT_OF_RANGE'],
    [() => new RateLimit({ parent: {} }), TypeError, 'ERR_INVALID_ARG_TYPE'],
    [() => new RateLimit({ parent: Object.create(RateLimit.prototype) }), TypeError, 'ERR_INVALID_ARG_TYPE'],
    [() => { new RateLimit().download = -Infinity }, RangeError, 'ERR_OUT_OF_RANGE'],
    [() => { new RateLimit().upload = true }, TypeError, 'ERR_INVALID_ARG_TYPE'],
    [() => native.connect({ port: 1, rateLimit: 1000 }), TypeError, 'ERR_INVALID_ARG_TYPE'],
    [() => native.listen({ rateLimit: { download: 1 } }), TypeError, 'ERR_INVALID_ARG_TYPE']
  ])('refuses what is none: %s', (make, type, code) => {
    let error
    try { make() } catch (caught) { error = caught }
    expect(error).toBeInstanceOf(type)
    expect(error.code).toBe(code)
  })

  test('keeps its rate when it refuses another', () => {
    const limit = new RateLimit({ download: 7 })
    expect(() => { limit.download = -1 }).toThrow(RangeError)
    expect(limit.download).toBe(7)
  })
})

describe.each(['none', 'require'])('with encryption: %s', encryption => {
  test('a download is no faster than its limit', async () => {
    const rate = 2e6
    const rateLimit = new RateLimit({ download: rate })
    const { client } = await serving({ rateLimit }, { encryption })
    const bytes = 40 * BLOCK.length
    expect(await time(() => download(client, BLOCK, 40))).toBeGreaterThanOrEqual(atLeast(bytes, rate))
    expect(client.downloaded).toBe(bytes)
  })

  test('an upload is no faster than its limit, and tells of blocks as they leave', async () => {
    const rate = 1e6
    const { client, wire } = await serving({}, { encryption })
    wire.rateLimit = new RateLimit({ upload: rate })
    const start = performance.now()
    let ahead = 0
    wire.on('upload', () => {
      ahead = Math.max(ahead, wire.uploaded - rate * (performance.now() - start) / 1000)
    })
    const seconds = await time(() => download(client, BLOCK, 60, 60))
    const bytes = 60 * BLOCK.length
    expect(seconds).toBeGreaterThanOrEqual(atLeast(bytes, rate))
    // What waits here is a quarter of a second; twice that, and what left in the last second, is asked for ahead.
    expect(ahead).toBeLessThan(rate)
    expect(wire.uploaded).toBe(bytes)
  })
})

test('connections share a limit', async () => {
  const rate = 2e6
  const rateLimit = new RateLimit({ download: rate })
  const server = await listen({}, wire => serve(wire, BLOCK))
  const clients = await Promise.all(Array.from({ length: 4 }, () => leecher(server, { rateLimit })))
  const seconds = await time(() => Promise.all(clients.map(client => download(client, BLOCK, 12))))
  expect(seconds).toBeGreaterThanOrEqual(atLeast(48 * BLOCK.length, rate))
})

test('a limit counts for those above it', async () => {
  const rate = 1e6
  const all = new RateLimit({ download: rate })
  const torrents = [new RateLimit({ parent: all }), new RateLimit({ parent: all, download: 1e9 })]
  const peer = new RateLimit({ parent: torrents[1], upload: 1 })
  const server = await listen({}, wire => serve(wire, BLOCK))
  const [first, second] = await Promise.all(torrents.map(rateLimit => leecher(server, { rateLimit })))
  const seconds = await time(() => Promise.all([download(first, BLOCK, 15), download(second, BLOCK, 15)]))
  expect(seconds).toBeGreaterThanOrEqual(atLeast(30 * BLOCK.length, rate))
  expect(peer.parent.parent).toBe(all)
})

test('a server limits all that it accepts, from their first byte', async () => {
  const rate = 1e6
  const rateLimit = new RateLimit({ upload: rate, download: 2 * rate })
  const server = await listen({ rateLimit }, wire => {
    expect(wire.rateLimit).toBe(rateLimit)
    serve(wire, BLOCK)
  })
  const clients = await Promise.all([1, 2].map(() => leecher(server)))
  const seconds = await time(() => Promise.all(clients.map(client => download(client, BLOCK, 15))))
  expect(seconds).toBeGreaterThanOrEqual(atLeast(30 * BLOCK.length, rate))
})

test('a limit of nothing stops what passes, and a change lets it go on', async () => {
  const rateLimit = new RateLimit()
  const { client, wire } = await serving({ rateLimit })
  await download(client, BLOCK, 10)
  rateLimit.download = 0
  const rest = download(client, BLOCK, 10)
  await until(() => wire.uploaded === 20 * BLOCK.length)
  // Another wire's bytes went all the way meanwhile.
  const other = await serving({})
  await download(other.client, BLOCK, 100)
  expect(client.downloaded).toBe(10 * BLOCK.length)
  rateLimit.download = 1e9
  await rest
})

test('a wire may have another limit, or none, while it waits', async () => {
  const { client } = await serving({ rateLimit: new RateLimit() })
  const stuck = new RateLimit({ download: 0, upload: 0 })
  client.rateLimit = stuck
  expect(client.rateLimit).toBe(stuck)
  const first = download(client, BLOCK, 5)
  client.rateLimit = new RateLimit({ upload: 1e6 })
  await first
  client.rateLimit = stuck
  const second = download(client, BLOCK, 5)
  client.rateLimit = null
  await second
  expect(client.rateLimit).toBe(null)
  expect(() => { client.rateLimit = 5 }).toThrow(TypeError)
  expect(client.rateLimit).toBe(null)
})

test('a wire that is not connected yet takes its limit along', async () => {
  const server = await rawServer()
  const rateLimit = new RateLimit({ upload: 0 })
  const accepted = once(server, 'connection')
  const client = connect(server.address().port)
  client.rateLimit = rateLimit
  const connected = once(client, 'connect')
  const [socket] = await accepted
  let received = 0
  socket.on('data', bytes => { received += bytes.length })
  await connected
  // The bytes of another connection, made later, have come back meanwhile.
  const { client: other } = await serving({})
  await download(other, BLOCK, 50)
  expect(received).toBe(0)
  rateLimit.upload = null
  await until(() => received === 68)
})

test('nothing that waits keeps a wire from closing', async () => {
  const rateLimit = new RateLimit({ download: 0, upload: 0 })
  const { client, wire } = await serving({})
  client.rateLimit = wire.rateLimit = rateLimit
  download(client, BLOCK, 50).catch(() => {})
  client.destroy()
  await once(client, 'close')
  wire.destroy()
  await once(wire, 'close')
})

test('few requests come ahead of what a slow limit lets leave', async () => {
  const server = await listen({ rateLimit: new RateLimit({ upload: 1e4 }) })
  let asked = 0
  server.on('wire', wire => {
    wire.on('interested', () => wire.unchoke())
    wire.on('request', (index, offset, length, respond) => {
      asked++
      respond(null, BLOCK)
    })
  })
  const client = await leecher(server)
  download(client, BLOCK, 500, 500).catch(() => {})
  // All of its requests are there: a message that it sent after them is.
  const [wire] = server.wires
  client.port(1)
  await once(wire, 'port')
  expect(asked).toBeGreaterThan(0)
  expect(asked).toBeLessThanOrEqual(4)
})

test('a raw peer sends no faster than it is read', async () => {
  const rate = 4e6
  const server = await listen({ rateLimit: new RateLimit({ download: rate }) })
  const accepted = once(server, 'wire')
  const socket = await rawSocket(server.address().port)
  const [wire] = await accepted
  wire.on('error', () => {})
  let received = 0
  wire.on('unknownmessage', bytes => { received += bytes.length })
  const handshake = Buffer.concat([Buffer.from('\u0013BitTorrent protocol', 'latin1'), Buffer.alloc(8), Buffer.alloc(20, 0x11), Buffer.alloc(20, 1)])
  const message = Buffer.alloc(100_004, 99)
  message.writeUInt32BE(100_000)
  const seconds = await time(async () => {
    socket.write(handshake)
    for (let i = 0; i < 16; i++) socket.write(message)
    await until(() => received === 1_600_000)
  })
  expect(seconds).toBeGreaterThanOrEqual(atLeast(1_600_000, rate))
})
