'use strict'

/** Ends of wires over the transport: ours, the peer's, and the network's. */

const { once } = require('node:events')
const { randomBytes } = require('node:crypto')

const { DEAD_PORT, INFO_HASH, closeAll, connect, download, listen, native, pair, rawServer, rawSocket, seen, serve, until } = require('./support/peers.js')
const { countWires } = require('../../lib/native/index.js')

const BLOCK = randomBytes(16384)

afterEach(closeAll)

/** The events of a wire's end, in order. */
function ends (wire) {
  const seen = []
  for (const event of ['error', 'finish', 'end', 'close', 'disconnect']) wire.on(event, () => seen.push(event))
  return seen
}

test('nobody listens: ECONNREFUSED, as Node.js has it', async () => {
  const wire = connect(DEAD_PORT)
  const events = ends(wire)
  const [error] = await once(wire, 'error')
  expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port: DEAD_PORT })
  expect(error.message).toBe(`connect ECONNREFUSED 127.0.0.1:${DEAD_PORT}`)
  expect(error.errno).toBeLessThan(0)
  expect([wire.connectionError, wire.closeReason]).toEqual([error, null])
  await once(wire, 'close')
  expect(events).toEqual(['error', 'finish', 'end', 'close'])
})

test('an error that nobody listens for closes the wire, and no more', async () => {
  const wire = connect(DEAD_PORT)
  await seen(wire, 'close')
  expect(wire.connectionError.code).toBe('ECONNREFUSED')
})

test('a name that is not there', async () => {
  const lookup = (host, options, callback) => callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }))
  const wire = connect(1, { host: 'peer.invalid', lookup })
  const [error] = await once(wire, 'error')
  expect(error.code).toBe('ENOTFOUND')
})

test('a port that is taken: EADDRINUSE', async () => {
  const first = await listen()
  const { port } = first.address()
  const second = native.listen({ port, host: '127.0.0.1' })
  const [error] = await once(second, 'error')
  expect(error).toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', address: '127.0.0.1', port })
  expect(error.message).toBe(`listen EADDRINUSE: address already in use 127.0.0.1:${port}`)
})

test('destroy: the peer gets what was sent before, then the end', async () => {
  const { client, wire } = await pair()
  const ours = ends(client)
  const theirs = ends(wire)
  const haves = []
  wire.on('have', index => haves.push(index))
  const closed = Promise.all([once(client, 'disconnect'), once(wire, 'disconnect')])
  for (let i = 0; i < 1000; i++) client.have(i)
  client.destroy()
  await closed
  expect(haves).toHaveLength(1000)
  expect(ours).toEqual(['finish', 'end', 'close', 'disconnect'])
  expect(theirs).toEqual(['finish', 'end', 'close', 'disconnect'])
})

test('the peer hangs up', async () => {
  const server = await listen()
  const accepted = once(server, 'wire')
  const socket = await rawSocket(server.address().port)
  const [wire] = await accepted
  const events = ends(wire)
  socket.end()
  await once(wire, 'disconnect')
  expect(events).toEqual(['finish', 'end', 'close', 'disconnect'])
})

test('the peer resets the connection: ECONNRESET', async () => {
  const server = await listen()
  const accepted = once(server, 'wire')
  const socket = await rawSocket(server.address().port)
  const [wire] = await accepted
  const events = ends(wire)
  socket.resetAndDestroy()
  const [error] = await once(wire, 'error')
  expect(error).toMatchObject({ code: 'ECONNRESET', syscall: 'read' })
  expect(error.message).toBe('read ECONNRESET')
  expect([wire.connectionError, wire.closeReason]).toEqual([error, null])
  await once(wire, 'disconnect')
  expect(events).toEqual(['error', 'finish', 'end', 'close', 'disconnect'])
})

test('a connection that was given up for one that does not come: disconnect follows all the same', async () => {
  const server = await rawServer()
  server.on('connection', socket => socket.once('data', () => {
    server.close()
    socket.destroy()
  }))
  const wire = connect(server.address().port, { encryption: 'allow' })
  const events = ends(wire)
  await once(wire, 'connect')
  await seen(wire, 'disconnect')
  expect(wire.connectionError.code).toBe('ECONNREFUSED')
  expect(events).toEqual(['error', 'finish', 'end', 'close', 'disconnect'])
})

test('requests that are open when the connection is lost are called back', async () => {
  const { client, wire } = await pair()
  wire.unchoke()
  await once(client, 'unchoke')
  const called = new Promise(resolve => client.request(0, 0, 16384, resolve))
  await once(wire, 'request')
  wire.destroy()
  expect((await called).message).toMatch(/closed|choking/)
})

describe('destroyed', () => {
  test('before the name is looked up', async () => {
    const lookup = jest.fn((host, options, callback) => setImmediate(callback, null, [{ address: '127.0.0.1', family: 4 }]))
    const wire = connect(1, { host: 'peer.invalid', lookup })
    const events = ends(wire)
    await new Promise(resolve => process.nextTick(resolve))
    expect(lookup).toHaveBeenCalled()
    wire.destroy()
    await once(wire, 'close')
    await new Promise(resolve => setImmediate(resolve))
    expect(events).toEqual(['finish', 'end', 'close'])
  })

  test('while it connects', async () => {
    const server = await rawServer()
    const wire = connect(server.address().port)
    const onConnect = jest.fn()
    wire.on('connect', onConnect)
    wire.destroy()
    await once(wire, 'close')
    expect(onConnect).not.toHaveBeenCalled()
  })

  test('by another one that is connected at the same time', async () => {
    const server = await rawServer()
    const wires = [0, 1].map(() => connect(server.address().port))
    let connects = 0
    wires.forEach((wire, i) => wire.on('connect', () => {
      connects++
      wires[1 - i].destroy()
    }))
    const closed = wires.map(wire => once(wire, 'close'))
    // Both connections are there before this thread looks.
    await new Promise(resolve => process.nextTick(resolve))
    await new Promise(resolve => process.nextTick(resolve))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
    await Promise.race(closed)
    for (const wire of wires) wire.destroy()
    await Promise.all(closed)
    expect(connects).toBe(1)
  })

  test('as soon as it is connected', async () => {
    const server = await rawServer()
    const wire = connect(server.address().port)
    wire.once('connect', () => wire.destroy())
    const [socket] = await once(server, 'connection')
    socket.resume()
    await once(socket, 'end')
    socket.end()
    await once(wire, 'disconnect')
  })

  test('in the crypto handshake', async () => {
    const server = await rawServer()
    const wire = connect(server.address().port, { encryption: 'require' })
    const [socket] = await once(server, 'connection')
    await once(socket, 'data')
    wire.destroy()
    await once(socket, 'end')
    socket.end()
    await once(wire, 'disconnect')
  })

  test.each(['none', 'require'])('under traffic, either end (encryption: %s)', async encryption => {
    const before = countWires()
    for (const which of ['client', 'wire']) {
      const ends = await pair({ encryption })
      serve(ends.wire, BLOCK)
      const gone = Promise.all([once(ends.client, 'disconnect'), once(ends.wire, 'disconnect')])
      ends.client.interested()
      await once(ends.client, 'unchoke')
      const failed = download(ends.client, BLOCK, Infinity).catch(error => error)
      await until(() => ends.client.downloaded > 100 * BLOCK.length)
      ends[which].destroy()
      expect((await failed).message).toMatch(/closed|choking/)
      await gone
    }
    expect(countWires()).toBe(before)
  })

  test('from within its own events', async () => {
    for (const event of ['connect', 'handshake', 'unchoke', 'have', 'download']) {
      const server = await listen({}, wire => {
        serve(wire, BLOCK)
        wire.once('handshake', () => {
          wire.unchoke()
          wire.have(3)
        })
      })
      const wire = connect(server.address().port)
      wire.once('unchoke', () => wire.request(0, 0, BLOCK.length))
      wire.once(event, () => wire.destroy())
      await once(wire, 'disconnect')
      server.close()
    }
  })
})

test('a server that is closed accepts nobody, and closes when its wires have', async () => {
  const { server, client, wire } = await pair()
  const onClose = jest.fn()
  const { port } = server.address()
  server.close(onClose)
  expect(server.address()).toBe(null)
  const [error] = await once(connect(port), 'error')
  expect(error.code).toBe('ECONNREFUSED')
  const have = once(client, 'have')
  wire.have(1)
  await have
  expect(onClose).not.toHaveBeenCalled()
  client.destroy()
  await once(server, 'close')
  expect(onClose).toHaveBeenCalledTimes(1)
})

test('a violation closes the connection', async () => {
  const server = await listen()
  const accepted = once(server, 'wire')
  const socket = await rawSocket(server.address().port)
  const [wire] = await accepted
  const gone = seen(wire, 'disconnect')
  const [violation] = await Promise.all([
    seen(wire, 'violation'),
    socket.write(Buffer.concat([Buffer.from('\u0013BitTorrent protocol', 'latin1'), Buffer.alloc(8), INFO_HASH, Buffer.alloc(20), Buffer.from('ffffffff', 'hex')]))
  ])
  expect(violation.code).toMatch(/^ERR_/)
  socket.resume()
  await once(socket, 'end')
  socket.end()
  await gone
})
