'use strict'

/** Connections by way of a SOCKS5 proxy. */

const { randomBytes } = require('node:crypto')
const net = require('node:net')

const { closeAll, connect, download, listen, native, seen, serve, until } = require('./support/peers.js')
const socksProxy = require('./support/socks-proxy.js')

const BLOCK = randomBytes(16384)
const USER = { username: 'somebody', password: 'pass wörd' }
const proxies = []

afterEach(async () => {
  for (const proxy of proxies.splice(0)) proxy.close()
  await closeAll()
})

async function start (behaviour) {
  const proxy = await socksProxy(behaviour)
  proxies.push(proxy)
  return proxy
}

/** The error of a wire that does not come to be. */
async function failure (port, options) {
  const error = await seen(connect(port, options), 'error')
  expect(error).toBeInstanceOf(Error)
  return error
}

function options ({ port }, rest = {}) {
  return { proxy: { host: '127.0.0.1', port, ...rest } }
}

async function server (listenOptions) {
  return await listen(listenOptions, wire => serve(wire, BLOCK))
}

async function leech (client, count = 20) {
  await seen(client, 'handshake')
  const unchoked = seen(client, 'unchoke')
  client.interested()
  await unchoked
  await download(client, BLOCK, count)
}

describe.each(['none', 'require'])('with encryption: %s', encryption => {
  test.each([
    ['without a password', {}, {}],
    ['with a password', { user: USER }, USER],
    ['that answers byte by byte', { isDripping: true }, {}]
  ])('a proxy %s', async (name, behaviour, credentials) => {
    const proxy = await start(behaviour)
    const { port } = (await server({ encryption })).address()
    const client = connect(port, { ...options(proxy, credentials), encryption })
    await leech(client)
    expect(proxy.requests).toEqual([{ host: '127.0.0.1', port }])
    expect([client.remoteAddress, client.remotePort]).toEqual(['127.0.0.1', port])
  })
})

test('the proxy looks names up, and nobody else does', async () => {
  const proxy = await start({ names: { 'peer.example.onion': '127.0.0.1' } })
  const { port } = (await server()).address()
  const lookup = () => { throw new Error('looked up here') }
  const client = connect(port, { ...options(proxy), host: 'peer.example.onion', lookup })
  await leech(client)
  expect(proxy.requests).toEqual([{ host: 'peer.example.onion', port }])
  expect(client.remoteAddress).toBe('peer.example.onion')
})

test('addresses of IPv6 are handed on as such', async () => {
  const proxy = await start({ reply: 4 })
  await failure(7, { ...options(proxy), host: '2001:db8::1' })
  expect(proxy.requests).toEqual([{ host: '2001:db8:0:0:0:0:0:1', port: 7 }])
})

test('the fallback to plaintext goes through the proxy as well', async () => {
  const proxy = await start()
  const { port } = (await server({ encryption: 'none' })).address()
  await leech(connect(port, { ...options(proxy), encryption: 'allow' }))
  expect(proxy.requests).toHaveLength(2)
})

test('a limit counts for what goes through a proxy', async () => {
  const proxy = await start()
  const { port } = (await server()).address()
  const client = connect(port, { ...options(proxy), rateLimit: new native.RateLimit({ download: 1e6 }) })
  const begin = performance.now()
  await leech(client, 20)
  expect(performance.now() - begin).toBeGreaterThan(20 * BLOCK.length / 1e6 * 1000 - 100)
})

describe('what goes wrong has a code', () => {
  test.each([
    ['a wrong password', { user: USER }, { ...USER, password: 'another' }, 'ERR_SOCKS_AUTHENTICATION'],
    ['no password', { user: USER }, {}, 'ERR_SOCKS_AUTHENTICATION'],
    ['a general failure', { reply: 1 }, {}, 'ERR_SOCKS_FAILURE'],
    ['a peer that is not allowed', { reply: 2 }, {}, 'ERR_SOCKS_NOT_ALLOWED'],
    ['a network that is not reached', { reply: 3 }, {}, 'ENETUNREACH'],
    ['a peer that is not reached', { reply: 4 }, {}, 'EHOSTUNREACH'],
    ['a peer that refuses', { reply: 5 }, {}, 'ECONNREFUSED'],
    ['a peer that is too far', { reply: 6 }, {}, 'EHOSTUNREACH'],
    ['a command that it does not know', { reply: 7 }, {}, 'ERR_SOCKS_FAILURE'],
    ['a reply that nobody knows', { reply: 99 }, {}, 'ERR_SOCKS_PROTOCOL'],
    ['a proxy of another version', { greeting: Buffer.from([4, 0]) }, {}, 'ERR_SOCKS_PROTOCOL'],
    ['no proxy at all', { greeting: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') }, {}, 'ERR_SOCKS_PROTOCOL'],
    ['a method that was not offered', { greeting: Buffer.from([5, 1]) }, {}, 'ERR_SOCKS_PROTOCOL'],
    ['a reply with an address of no kind', { answer: Buffer.from([5, 0, 0, 9, 1, 2, 3, 4, 5, 6]) }, {}, 'ERR_SOCKS_PROTOCOL'],
    ['a proxy that hangs up', { hangsUp: true }, {}, 'ERR_SOCKS_PROTOCOL']
  ])('%s', async (name, behaviour, credentials, code) => {
    const proxy = await start(behaviour)
    const error = await failure(9, options(proxy, credentials))
    expect(error).toMatchObject({ code, syscall: 'proxy', address: '127.0.0.1', port: 9 })
    expect(error.message).toMatch(`proxy ${code}`)
    expect(error.message).not.toContain(USER.password)
  })

  test('a proxy where nobody listens', async () => {
    const proxy = await start()
    proxy.close()
    await new Promise(resolve => {
      const probe = net.connect(proxy.port, '127.0.0.1').once('error', resolve)
      probe.once('connect', () => probe.destroy())
    })
    expect(await failure(9, options(proxy))).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', port: proxy.port })
  })

  test('a proxy that says nothing', async () => {
    const proxy = await start({ isSilent: true })
    expect(await failure(9, { ...options(proxy), connectTimeout: 100 })).toMatchObject({ code: 'ETIMEDOUT', syscall: 'connect' })
  })

  test('the caller loses patience', async () => {
    const proxy = await start({ isSilent: true })
    const controller = new AbortController()
    const error = failure(9, { ...options(proxy), signal: controller.signal })
    controller.abort()
    expect(await error).toMatchObject({ code: 'ABORT_ERR' })
  })
})

test('sockets go through a proxy as well', async () => {
  const proxy = await start({ user: USER })
  const echo = net.createServer(socket => socket.pipe(socket)).listen(0, '127.0.0.1')
  await seen(echo, 'listening')
  const { port } = echo.address()
  const socket = new native.Socket().connect({ host: '127.0.0.1', port, ...options(proxy, USER) })
  let received = Buffer.alloc(0)
  socket.on('data', bytes => { received = Buffer.concat([received, bytes]) })
  socket.write(BLOCK)
  await until(() => received.length >= BLOCK.length)
  expect(received.equals(BLOCK)).toBe(true)
  socket.end()
  await seen(socket, 'close')
  expect(proxy.requests).toEqual([{ host: '127.0.0.1', port }])
  echo.close()
  await until(() => !echo.listening)
})

test.each([
  [{ proxy: 'localhost' }, 'ERR_INVALID_ARG_TYPE'],
  [{ proxy: { host: 7 } }, 'ERR_INVALID_ARG_TYPE'],
  [{ proxy: { port: 0 } }, 'ERR_OUT_OF_RANGE'],
  [{ proxy: { port: 65536 } }, 'ERR_OUT_OF_RANGE'],
  [{ proxy: { username: 'x' } }, 'ERR_INVALID_ARG_TYPE'],
  [{ proxy: { password: 'x' } }, 'ERR_INVALID_ARG_TYPE'],
  [{ proxy: { username: '', password: 'x' } }, 'ERR_OUT_OF_RANGE'],
  [{ proxy: { username: 'x', password: 'é'.repeat(128) } }, 'ERR_OUT_OF_RANGE'],
  [{ proxy: {}, host: 'x'.repeat(256) }, 'ERR_OUT_OF_RANGE']
])('bad options are refused: %j', (bad, code) => {
  let error
  try { native.connect({ port: 9, ...bad }) } catch (caught) { error = caught }
  expect(error?.code).toBe(code)
})
