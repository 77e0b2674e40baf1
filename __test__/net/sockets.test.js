'use strict'

/** Sockets and servers with the shape of `net`, beside those of Node.js. */

const { execFile } = require('node:child_process')
const { createHash, randomBytes } = require('node:crypto')
const { once } = require('node:events')
const net = require('node:net')
const path = require('node:path')
const { PassThrough } = require('node:stream')
const { pipeline } = require('node:stream/promises')
const { promisify } = require('node:util')

const Wire = require('../..')
const { kConnection } = require('../../lib/net/symbols.js')
const native = require('../../net.js')
const { readSlowly } = require('../helpers/read-slowly')
const { heedsMaxConnections, testIf } = require('../helpers/runtime')
const { CLIENT_ID, DEAD_PORT, INFO_HASH, SERVER_ID, closeAll, download, seen, serve, until } = require('./support/peers.js')

const KINDS = { net, native }
const BLOCK = randomBytes(16384)

/** What a test opens. */
const opened = new Set()

afterEach(async () => {
  for (const each of opened) each.close?.() ?? each.destroy()
  for (const each of opened) each.destroy?.()
  opened.clear()
  await closeAll()
})

/** A server of one kind and a client of another, connected. */
async function join ({ server: serving = native, client: connecting = native, ...options } = {}) {
  const server = serving.createServer(options)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const client = connecting.createConnection({ port: server.address().port, host: '127.0.0.1', ...options })
  opened.add(server).add(client)
  await once(client, 'connect')
  const [socket] = await accepted
  opened.add(socket)
  return { server, client, socket }
}

function digest () {
  return createHash('sha1')
}

describe.each([['native', 'net'], ['net', 'native'], ['native', 'native']])('a server of %s, a client of %s', (serving, connecting) => {
  const kinds = { server: KINDS[serving], client: KINDS[connecting] }

  test('much data both ways arrives whole, in order', async () => {
    const { client, socket } = await join(kinds)
    const sent = Array.from({ length: 300 }, (_, i) => randomBytes(1 + (i * 7919) % 100000))
    const length = sent.reduce((sum, { length }) => sum + length, 0)
    const expected = digest().update(Buffer.concat(sent)).digest('hex')
    const results = []
    for (const [from, to] of [[client, socket], [socket, client]]) {
      const hash = digest()
      to.on('data', bytes => hash.update(bytes))
      results.push(once(to, 'end').then(() => hash.digest('hex')))
      for (const chunk of sent) from.write(chunk)
      from.end()
    }
    expect(await Promise.all(results)).toEqual([expected, expected])
    expect([client.bytesWritten, socket.bytesRead]).toEqual([length, length])
  })

  test('a reader that is slow holds the writer up', async () => {
    const { client, socket } = await join(kinds)
    let written = 0
    const chunk = Buffer.alloc(1 << 16)
    const fill = () => {
      for (let goesOn = true; goesOn && written < 64 << 20; written += chunk.length) goesOn = client.write(chunk)
    }
    client.on('drain', fill)
    fill()
    socket.pause()
    let before = -1
    while (before !== written) {
      before = written
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    expect(written).toBeLessThan(64 << 20)
    socket.resume()
    await until(() => written >= 64 << 20)
  })

  test('the events of an end', async () => {
    const { client, socket } = await join(kinds)
    const events = []
    for (const [name, end] of [['client', client], ['socket', socket]]) {
      end.resume()
      for (const event of ['end', 'finish', 'close']) end.on(event, value => events.push(`${name} ${event} ${value ?? ''}`.trim()))
    }
    client.end('bye')
    await until(() => events.filter(event => event.includes('close')).length === 2)
    expect(events.filter(event => event.startsWith('client'))).toEqual(['client finish', 'client end', 'client close false'])
    expect(events.filter(event => event.startsWith('socket'))).toEqual(['socket end', 'socket finish', 'socket close false'])
  })

  test('half-open: the other side may go on', async () => {
    const { client, socket } = await join({ ...kinds, allowHalfOpen: true })
    const texts = { question: '', answer: '' }
    socket.on('data', bytes => { texts.question += bytes })
    client.on('data', bytes => { texts.answer += bytes })
    client.end('question')
    await once(socket, 'end')
    socket.write('an')
    await new Promise(resolve => setImmediate(resolve))
    socket.end('swer')
    await once(client, 'end')
    expect(texts).toEqual({ question: 'question', answer: 'answer' })
  })

  test.each([1, 10_000, 1_000_000])('a peer answers with %i bytes and closes at once; the reader is slow', async length => {
    const { client, socket } = await join({ ...kinds, allowHalfOpen: true })
    const answer = randomBytes(length)
    const events = []
    for (const event of ['end', 'close']) client.on(event, () => events.push(event))
    client.end('question')
    const closed = seen(socket, 'close')
    socket.resume().on('end', () => socket.end(answer))
    await closed
    // Nothing says that a socket of `net` knows of it.
    if (client[kConnection] && length < 1_000_000) await until(() => client[kConnection].handle === null)
    expect(events).toEqual([])
    expect(answer.equals(await readSlowly(client))).toBe(true)
    await until(() => events.includes('close'))
    expect(events).toEqual(['end', 'close'])
  })

  test('a reset', async () => {
    const { client, socket } = await join(kinds)
    client.resume()
    socket.resetAndDestroy()
    const [error] = await once(client, 'error')
    expect(error).toMatchObject({ code: 'ECONNRESET', syscall: 'read', errno: expect.any(Number) })
    expect(error.message).toBe('read ECONNRESET')
  })

  test('the same members', async () => {
    const { server, client, socket } = await join(kinds)
    expect(client).toMatchObject({
      remoteAddress: '127.0.0.1',
      remotePort: server.address().port,
      remoteFamily: 'IPv4',
      localAddress: '127.0.0.1',
      localPort: socket.remotePort,
      connecting: false,
      pending: false,
      readyState: 'open',
      destroyed: false
    })
    expect(client.address()).toEqual({ address: '127.0.0.1', family: 'IPv4', port: client.localPort })
    expect(server.address()).toEqual({ address: '127.0.0.1', family: 'IPv4', port: client.remotePort })
    for (const end of [client, socket]) expect(end.setNoDelay().setKeepAlive(true, 1000).ref().unref().ref()).toBe(end)
    server.getConnections((error, count) => expect([error, count]).toEqual([null, 1]))
    client.destroy()
    await seen(client, 'close')
    expect(client).toMatchObject({ destroyed: true, readyState: 'closed' })
  })
})

describe.each(Object.entries(KINDS))('%s', (name, kind) => {
  test('nobody listens', async () => {
    const socket = kind.createConnection({ port: DEAD_PORT, host: '127.0.0.1' })
    expect([socket.connecting, socket.pending, socket.readyState]).toEqual([true, true, 'opening'])
    const closed = once(socket, 'close').catch(() => {})
    const [error] = await once(socket, 'error')
    expect({ ...error }).toEqual({ code: 'ECONNREFUSED', errno: error.errno, syscall: 'connect', address: '127.0.0.1', port: DEAD_PORT })
    expect(error.message).toBe(`connect ECONNREFUSED 127.0.0.1:${DEAD_PORT}`)
    await closed
  })

  test('a port that is taken', async () => {
    const server = kind.createServer().listen({ port: 0, host: '127.0.0.1' })
    opened.add(server)
    await once(server, 'listening')
    const { port } = server.address()
    const second = kind.createServer().listen(port, '127.0.0.1')
    const [error] = await once(second, 'error')
    expect({ ...error }).toEqual({ code: 'EADDRINUSE', errno: error.errno, syscall: 'listen', address: '127.0.0.1', port })
    expect(error.message).toBe(`listen EADDRINUSE: address already in use 127.0.0.1:${port}`)
    const closing = await new Promise(resolve => second.close(resolve))
    expect(closing.code).toBe('ERR_SERVER_NOT_RUNNING')
  })

  test('what is written before the connection is there', async () => {
    const server = kind.createServer(socket => socket.pipe(socket)).listen(0, '127.0.0.1')
    opened.add(server)
    await once(server, 'listening')
    const socket = kind.createConnection(server.address().port, '127.0.0.1', () => socket.write(', then'))
    opened.add(socket)
    socket.write('first')
    socket.write(', second')
    let received = ''
    socket.on('data', bytes => {
      received += bytes
      if (received.endsWith('then')) socket.end()
    })
    await once(socket, 'close')
    expect(received).toBe('first, second, then')
  })

  test('timeout: after a while without anything', async () => {
    const server = kind.createServer().listen(0, '127.0.0.1')
    opened.add(server)
    await once(server, 'listening')
    const socket = kind.createConnection({ port: server.address().port, host: '127.0.0.1', timeout: 30 })
    opened.add(socket)
    await once(socket, 'timeout')
    expect(socket.destroyed).toBe(false)
    expect(socket.timeout).toBe(30)
  })

  test('destroySoon', async () => {
    const server = kind.createServer().listen(0, '127.0.0.1')
    opened.add(server)
    await once(server, 'listening')
    const accepted = once(server, 'connection')
    const socket = kind.createConnection(server.address().port, '127.0.0.1')
    await once(socket, 'connect')
    const [other] = await accepted
    opened.add(other)
    socket.write(BLOCK)
    socket.destroySoon()
    let received = 0
    for await (const bytes of other) received += bytes.length
    expect(received).toBe(BLOCK.length)
  })

  testIf(kind !== net || heedsMaxConnections)('maxConnections', async () => {
    const server = kind.createServer().listen(0, '127.0.0.1')
    server.maxConnections = 1
    opened.add(server)
    server.on('connection', socket => opened.add(socket))
    await once(server, 'listening')
    const first = kind.createConnection(server.address().port, '127.0.0.1')
    opened.add(first)
    await once(first, 'connect')
    const dropped = once(server, 'drop')
    const second = kind.createConnection(server.address().port, '127.0.0.1')
    opened.add(second)
    second.on('error', () => {})
    second.resume()
    await seen(second, 'close')
    expect((await dropped)[0]).toMatchObject({ remoteAddress: '127.0.0.1', remoteFamily: 'IPv4' })
  })

  test('a signal', async () => {
    const controller = new AbortController()
    const server = kind.createServer().listen({ port: 0, host: '127.0.0.1', signal: controller.signal })
    await once(server, 'listening')
    const socket = kind.createConnection({ port: server.address().port, host: '127.0.0.1', signal: controller.signal })
    await once(socket, 'connect')
    controller.abort()
    const [error] = await once(socket, 'error')
    expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' })
  })
})

test('what was written leaves though a listener of connect throws', async () => {
  const script = `
    const net = require('node:net')
    const native = require(${JSON.stringify(path.join(__dirname, '../../net.js'))})
    process.on('uncaughtException', error => console.log(error.message))
    const server = net.createServer(socket => {
      server.close()
      socket.once('data', bytes => {
        console.log(String(bytes))
        socket.end()
      })
    })
    server.listen(0, '127.0.0.1', () => {
      const socket = native.createConnection({ port: server.address().port, host: '127.0.0.1' })
      socket.on('connect', () => { throw new Error('from connect') })
      socket.resume()
      socket.end('written')
    })`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { timeout: 20_000 })
  expect(stdout.trim().split('\n').sort()).toEqual(['from connect', 'written'])
}, 30_000)

test('there are no sockets of the file system', () => {
  expect(() => native.createConnection('/tmp/socket')).toThrow(/path/)
  expect(() => native.createServer().listen({ path: '/tmp/socket' })).toThrow(/path/)
})

describe.each([[0, 'direct'], [2, 'direct'], [0, 'transform'], [2, 'transform']])('piped wires, level %i, %s', (level, way) => {
  /** As applications pipe a wire. */
  function pipe (socket, wire) {
    socket.on('error', () => {})
    if (way === 'direct') socket.pipe(wire).pipe(socket)
    else socket.pipe(new PassThrough()).pipe(wire).pipe(new PassThrough()).pipe(socket)
  }

  async function both (serving, connecting) {
    const server = serving.createServer(socket => {
      const wire = new Wire('tcpIncoming', level, { infoHashes: [INFO_HASH] })
      opened.add(socket)
      pipe(socket, wire)
      wire.once('handshake', () => wire.handshake(INFO_HASH, SERVER_ID))
      serve(wire, BLOCK)
      server.emit('wire', wire)
    })
    server.listen(0, '127.0.0.1')
    opened.add(server)
    await once(server, 'listening')
    const accepted = once(server, 'wire')
    const socket = connecting.createConnection(server.address().port, '127.0.0.1')
    opened.add(socket)
    const client = new Wire('tcpOutgoing', level)
    pipe(socket, client)
    if (level > 0) client.startEncryption(INFO_HASH.toString('hex'))
    client.handshake(INFO_HASH, CLIENT_ID)
    await once(client, 'handshake')
    const [wire] = await accepted
    return { client, wire, socket }
  }

  test.each([['native', 'native'], ['native', 'net'], ['net', 'native']])('a server of %s, a client of %s', async (serving, connecting) => {
    const { client, wire, socket } = await both(KINDS[serving], KINDS[connecting])
    client.interested()
    await once(client, 'unchoke')
    serve(client, BLOCK)
    const unchoked = once(wire, 'unchoke')
    wire.interested()
    await unchoked
    await Promise.all([download(client, BLOCK, 500), download(wire, BLOCK, 500)])
    expect(client._encryptionMethod).toBe(level || undefined)
    const closed = [seen(wire, 'close'), seen(socket, 'close')]
    client.destroy()
    await Promise.all(closed)
  })
})

test('a socket that is piped to a wire tells other listeners of its bytes too', async () => {
  const { client, socket } = await join()
  const wire = new Wire('tcpIncoming')
  socket.pipe(wire)
  const bytes = []
  socket.on('data', chunk => bytes.push(chunk))
  client.write(Buffer.concat([Buffer.from('\u0013BitTorrent protocol', 'latin1'), Buffer.alloc(8), INFO_HASH, CLIENT_ID]))
  await once(wire, 'handshake')
  await until(() => Buffer.concat(bytes).length === 68)
  socket.unpipe(wire)
  client.write('no message')
  socket.resume()
  await until(() => Buffer.concat(bytes).length === 78)
  expect(wire.closeReason).toBe(null)
})

test('pipeline', async () => {
  const { client, socket } = await join()
  const sent = randomBytes(1 << 20)
  const received = []
  await Promise.all([
    pipeline([sent], client),
    pipeline(socket, async function * (source) { for await (const bytes of source) received.push(bytes) }, new PassThrough().resume()).catch(() => {})
  ])
  expect(sent.equals(Buffer.concat(received))).toBe(true)
})
