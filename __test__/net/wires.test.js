'use strict'

/** Wires over the transport: connected, accepted, encrypted, against each other and against pipes. */

const { execFile } = require('node:child_process')
const { randomBytes } = require('node:crypto')
const { once } = require('node:events')
const path = require('node:path')
const { promisify } = require('node:util')

const Wire = require('../..')
const {
  INFO_HASH, SERVER_ID, CLIENT_ID, closeAll, connect, download, listen, native, pair, piped, rawServer, rawSocket, serve, until
} = require('./support/peers.js')

const BLOCK = randomBytes(16384)

afterEach(closeAll)

describe.each(['none', 'allow', 'require'])('encryption: %s', encryption => {
  const level = { none: 0, allow: 1, require: 2 }[encryption]

  test('two wires over the transport', async () => {
    const { client, wire } = await pair({ encryption })
    expect(client).toBeInstanceOf(Wire)
    expect([client.peerId, wire.peerId]).toEqual([SERVER_ID.toString('hex'), CLIENT_ID.toString('hex')])
    expect(client._encryptionMethod).toBe(level || undefined)
    expect(wire._encryptionMethod).toBe(client._encryptionMethod)
    for (const [from, to] of [[client, wire], [wire, client]]) {
      serve(from, BLOCK)
      const unchoked = once(to, 'unchoke')
      to.interested()
      await unchoked
    }
    await Promise.all([download(client, BLOCK, 500), download(wire, BLOCK, 500)])
    expect(client.downloaded).toBe(500 * BLOCK.length)
    expect(client.uploaded).toBe(500 * BLOCK.length)
  })

  test('a client over the transport, a server over pipes', async () => {
    const server = await rawServer()
    const connection = once(server, 'connection')
    const client = connect(server.address().port, { encryption })
    const [socket] = await connection
    const wire = piped(socket, 'tcpIncoming', level, { infoHashes: [INFO_HASH], requireEncryption: level === 2 })
    wire.once('handshake', () => wire.handshake(INFO_HASH, SERVER_ID))
    serve(wire, BLOCK)
    await once(client, 'handshake')
    client.interested()
    await once(client, 'unchoke')
    await download(client, BLOCK, 300)
    expect(client._encryptionMethod).toBe(level || undefined)
  })

  test('a client over pipes, a server over the transport', async () => {
    const server = await listen({ encryption }, wire => serve(wire, BLOCK))
    const socket = await rawSocket(server.address().port)
    const client = piped(socket, 'tcpOutgoing', level)
    if (level > 0) client.startEncryption(INFO_HASH.toString('hex'))
    client.handshake(INFO_HASH, CLIENT_ID)
    await once(client, 'handshake')
    client.interested()
    await once(client, 'unchoke')
    await download(client, BLOCK, 300)
    expect(client._encryptionMethod).toBe(level || undefined)
  })
})

test('what is sent on `connect` comes right after the handshake', async () => {
  const events = []
  const server = await listen({}, wire => {
    for (const event of ['handshake', 'have']) wire.on(event, value => events.push([event, value]))
  })
  const client = connect(server.address().port)
  client.once('connect', () => client.have(7))
  await until(() => events.length === 2)
  expect(events).toEqual([['handshake', INFO_HASH.toString('hex')], ['have', 7]])
})

test('the caller may do the handshakes itself', async () => {
  const server = await listen({ peerId: undefined }, wire => {
    wire.on('handshake', infoHash => wire.handshake(infoHash, SERVER_ID, { fast: true }))
  })
  const client = native.connect({ host: '127.0.0.1', port: server.address().port })
  client.handshake(INFO_HASH, CLIENT_ID, { fast: true })
  const [infoHash, peerId] = await once(client, 'handshake')
  expect([infoHash, peerId]).toEqual([INFO_HASH.toString('hex'), SERVER_ID.toString('hex')])
  expect(client.hasFast).toBe(true)
  client.destroy()
})

test('addresses of both ends', async () => {
  const server = await listen()
  const { address, family, port } = server.address()
  expect({ address, family }).toEqual({ address: '127.0.0.1', family: 'IPv4' })
  const accepted = once(server, 'wire')
  const client = connect(port)
  expect([client.connecting, client.remoteAddress, client.localPort]).toEqual([true, undefined, undefined])
  const connected = once(client, 'connect')
  const [wire] = await accepted
  await connected
  expect(client.connecting).toBe(false)
  expect(client).toMatchObject({ remoteAddress: address, remotePort: port, remoteFamily: family, localAddress: address })
  expect(wire).toMatchObject({ remoteAddress: address, remotePort: client.localPort, localPort: port, connecting: false })
})

test('a name with several addresses: the next one is tried where the first one fails', async () => {
  const server = await listen()
  const lookup = jest.fn((host, options, callback) => callback(null, [
    { address: '127.0.0.2', family: 4 }, { address: '127.0.0.1', family: 4 }
  ]))
  const client = connect(server.address().port, { host: 'peer.invalid', lookup })
  await once(client, 'connect')
  expect(client.remoteAddress).toBe('127.0.0.1')
  expect(lookup).toHaveBeenCalledTimes(1)
  expect(lookup.mock.calls[0][0]).toBe('peer.invalid')
})

test('what a listener throws is an uncaught exception, and nobody else misses anything', async () => {
  const script = `
    const { connect, listen } = require(${JSON.stringify(path.join(__dirname, '../../net.js'))})
    const log = []
    process.on('uncaughtException', error => log.push(error.message))
    process.on('exit', () => console.log(log.join()))
    const id = Buffer.alloc(20)
    const server = listen({ peerId: id, host: '127.0.0.1' }, wire => {
      wire.on('have', index => {
        log.push(index)
        if (index % 2) throw new Error('from have ' + index)
        if (index === 4) wire.destroy()
      })
    })
    server.on('listening', () => {
      const wire = connect({ port: server.address().port, host: '127.0.0.1', infoHash: id, peerId: id })
      wire.on('handshake', () => {
        server.close()
        for (let i = 0; i < 5; i++) wire.have(i)
      })
    })
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script])
  expect(stdout.trim().split(',').sort()).toEqual(['0', '1', '2', '3', '4', 'from have 1', 'from have 3'])
})

describe('what a listener throws keeps nothing else of a connection back', () => {
  /**
   * Connects to a peer on a thread of its own, so that what it sends is there before this one looks.
   * @param {string} meet what the peer does with `socket`, and the first bytes: `hello`
   * @param {string} encryption of the application
   * @param {string} listen what the application does with `wire`, and its `log`
   * @returns {Promise<string[]>} the log
   */
  async function play (meet, encryption, listen) {
    const peer = `
      const { parentPort } = require('node:worker_threads')
      const hello = Buffer.concat([Buffer.from('\\u0013BitTorrent protocol', 'latin1'), Buffer.alloc(48)])
      const have = index => Buffer.from([0, 0, 0, 5, 4, 0, 0, 0, index])
      const server = require('node:net').createServer(socket => {
        server.close()
        socket.on('error', () => {})
        ${meet}
      })
      server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`
    const script = `
      const { Worker } = require('node:worker_threads')
      const { connect } = require(${JSON.stringify(path.join(__dirname, '../../net.js'))})
      const log = []
      process.on('uncaughtException', error => log.push(error.message))
      process.on('exit', () => console.log(log.join()))
      new Worker(${JSON.stringify(peer)}, { eval: true }).once('message', port => {
        const wire = connect({ host: '127.0.0.1', port, encryption: '${encryption}', infoHash: Buffer.alloc(20) })
        ${listen}
        const wait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
        process.nextTick(() => process.nextTick(wait))
      })`
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { timeout: 20_000 })
    return stdout.trim().split(',')
  }

  test('when it is opened, and lost', async () => {
    const log = await play(`
      socket.once('data', () => socket.resetAndDestroy())
      socket.write(hello)`, 'none', `
      for (const event of ['connect', 'handshake', 'error', 'finish', 'close', 'disconnect']) {
        wire.on(event, () => {
          log.push(event)
          if (event === 'handshake') wire.handshake(Buffer.alloc(20), Buffer.alloc(20))
          if (event === 'connect' || event === 'error') throw new Error('from ' + event)
        })
      }`)
    expect(log.filter(entry => !entry.startsWith('from'))).toEqual(['connect', 'handshake', 'error', 'finish', 'close', 'disconnect'])
    expect(log.filter(entry => entry.startsWith('from'))).toEqual(['from connect', 'from error'])
  }, 30_000)

  test.each(['none', 'allow'])('when the peer has ended (encryption: %s)', async encryption => {
    const log = await play('socket.end(Buffer.concat([hello, have(1), have(2), have(3)]))', encryption, `
      for (const event of ['have', 'close']) {
        wire.on(event, index => {
          log.push(index ?? event)
          if (index < 3) throw new Error('from ' + index)
        })
      }`)
    expect(log.filter(entry => !entry.startsWith('from'))).toEqual(['1', '2', '3', 'close'])
    expect(log).toEqual(expect.arrayContaining(['from 1', 'from 2']))
  }, 30_000)
})

test.each(['allow', 'require'])('what is said before the connection is there waits for the crypto handshake (encryption: %s)', async encryption => {
  const events = []
  const server = await listen({ encryption: 'require' }, wire => {
    wire.on('have', index => events.push(index))
    wire.on('error', error => events.push(error.code))
  })
  const client = connect(server.address().port, { encryption, peerId: undefined })
  client.handshake(INFO_HASH, CLIENT_ID)
  client.have(7)
  await once(client, 'handshake')
  expect(client._encryptionMethod).toBe(2)
  client.have(8)
  await until(() => events.length === 2)
  expect(events).toEqual([7, 8])
})

describe.each(['none', 'allow', 'require'])('whatever is said before a handshake that comes by itself waits for it (encryption: %s)', encryption => {
  /** Connects, and gives what both sides hear of have until they have heard two each. */
  async function hear (options, say) {
    const heard = { server: [], client: [] }
    const server = await listen({ encryption, ...options }, wire => {
      wire.on('have', index => heard.server.push(index))
      say(wire)
    })
    const client = connect(server.address().port, { encryption })
    client.on('have', index => heard.client.push(index))
    say(client)
    await until(() => heard.server.length === 2 && heard.client.length === 2)
    return heard
  }

  const LOOKUPS = { 'at once': () => true, later: () => new Promise(resolve => setImmediate(resolve, true)) }

  test.each(Object.entries(LOOKUPS))('where the torrent is found %s', async (_, onInfoHash) => {
    const heard = await hear({ onInfoHash }, wire => {
      wire.have(1)
      wire.once('handshake', () => wire.have(2))
    })
    expect(heard).toEqual({ server: [1, 2], client: [1, 2] })
  })
})

test.each([
  ['no options', [], /options must be an object/],
  ['no port', [{ host: 'x' }], /port must be a number/],
  ['a port out of range', [{ port: 65536 }], /port must be a whole number from 1 to 65535/],
  ['no info hash to encrypt with', [{ port: 1, encryption: 'require' }], /infoHash is missing/],
  ['an unknown encryption', [{ port: 1, encryption: 'rc4' }], /encryption must be/],
  ['a short peer id', [{ port: 1, infoHash: INFO_HASH, peerId: Buffer.alloc(3) }], /a peer id must have 20 bytes/],
  ['an option of the wire', [{ port: 1, reqq: -1 }], /reqq must be/]
])('connect throws: %s', (name, args, message) => {
  expect(() => native.connect(...args)).toThrow(message)
})
