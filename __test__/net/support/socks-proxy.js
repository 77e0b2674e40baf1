'use strict'

/** A SOCKS5 proxy (RFC 1928) that can also do what a proxy should not. */

const { once } = require('node:events')
const net = require('node:net')

/** Bytes of a socket, as many as are asked for. */
class Reader {
  constructor (socket) {
    this.socket = socket
    this.bytes = Buffer.alloc(0)
    this.onData = bytes => {
      this.bytes = Buffer.concat([this.bytes, bytes])
      this.wake?.()
    }
    socket.on('data', this.onData)
  }

  async take (length) {
    while (this.bytes.length < length) await new Promise(resolve => { this.wake = resolve })
    const taken = this.bytes.subarray(0, length)
    this.bytes = this.bytes.subarray(length)
    return taken
  }

  /** Gives what was read and not taken, and reads nothing more. */
  stop () {
    this.socket.pause()
    this.socket.off('data', this.onData)
    return this.bytes
  }
}

/**
 * @param {object} behaviour
 * @param {{ username: string, password: string }=} behaviour.user without one, nobody is asked who they are
 * @param {Record<string, string>=} behaviour.names the addresses of names that only the proxy knows
 * @param {number=} behaviour.reply another reply than success, without a connection
 * @param {Buffer=} behaviour.greeting what it says instead of anything
 * @param {Buffer=} behaviour.answer what it says instead of a reply
 * @param {boolean=} behaviour.isSilent it says nothing
 * @param {boolean=} behaviour.hangsUp it closes instead of a reply
 * @param {boolean=} behaviour.isDripping it sends its reply, and what follows, byte by byte
 */
async function socksProxy (behaviour = {}) {
  const requests = []
  const sockets = new Set()
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    serve(socket, behaviour, requests, sockets).catch(error => socket.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: server.address().port,
    requests,
    close () {
      for (const socket of sockets) socket.destroy()
      server.close()
    }
  }
}

async function serve (socket, behaviour, requests, sockets) {
  const { user, names = {}, reply, greeting, answer, isSilent, hangsUp, isDripping } = behaviour
  const reader = new Reader(socket)
  const [version, count] = await reader.take(2)
  const methods = await reader.take(count)
  if (isSilent) return
  if (greeting !== undefined) return socket.write(greeting)
  const method = user === undefined ? 0 : 2
  if (version !== 5 || !methods.includes(method)) return socket.end(Buffer.from([5, 0xff]))
  socket.write(Buffer.from([5, method]))
  if (user !== undefined) {
    const name = await reader.take((await reader.take(2))[1])
    const password = await reader.take((await reader.take(1))[0])
    const isKnown = name.toString() === user.username && password.toString() === user.password
    socket.write(Buffer.from([1, isKnown ? 0 : 1]))
    if (!isKnown) return socket.end()
  }
  const [, , , type] = await reader.take(4)
  const host = await readHost(reader, type)
  const port = (await reader.take(2)).readUInt16BE()
  requests.push({ host, port })
  if (hangsUp) return socket.end()
  if (answer !== undefined) return socket.write(answer)
  if (reply !== undefined) return socket.write(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]))
  const target = net.connect({ host: names[host] ?? host, port })
  sockets.add(target)
  target.on('error', () => socket.end(Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])))
  await once(target, 'connect')
  const success = Buffer.from([5, 0, 0, 3, 5, ...Buffer.from('proxy'), 0, 80])
  if (isDripping) for (const byte of success) await drip(socket, byte)
  else socket.write(success)
  target.write(reader.stop())
  socket.pipe(target)
  target.pipe(socket)
}

async function readHost (reader, type) {
  if (type === 1) return Array.from(await reader.take(4)).join('.')
  if (type === 3) return (await reader.take((await reader.take(1))[0])).toString()
  const bytes = await reader.take(16)
  return Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(':')
}

function drip (socket, byte) {
  return new Promise(resolve => {
    socket.write(Buffer.from([byte]), () => setImmediate(resolve))
  })
}

module.exports = socksProxy
