'use strict'

/**
 * One end of a transfer at full speed: `node peer.js PLAN`, with the plan of full-speed.test.js in
 * JSON. Tells its port if it listens, `done` when it has all blocks, and what it has counted once its
 * standard input ends and its wire is closed.
 */

const { createCipheriv } = require('node:crypto')
const { once } = require('node:events')
const net = require('node:net')
const { loadOurs, loadUpstream } = require('../../helpers/wire')
const { INFO_HASH, PEER_IDS } = require('../support/pair')

const BLOCK = 16384
/** What WebTorrent allows a request, in milliseconds. */
const TIMEOUT = 30_000

const plan = JSON.parse(process.argv[2])
/** What both ends know; each block is another part of it. */
const bytes = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc((1 << 20) + BLOCK))

const counts = { blocks: 0, wrong: 0, failed: {}, rejects: 0, timeouts: 0, chat: 0, chatOutOfOrder: 0 }

function tell (what) {
  process.stdout.write(JSON.stringify(what) + '\n')
}

/** The block at an index, as whoever has it gives it. */
function blockAt (index) {
  const start = Math.imul(index, 40_503) & 0xfffff
  return bytes.subarray(start, start + BLOCK)
}

async function main () {
  const Wire = await (plan.wire === 'ours' ? loadOurs() : loadUpstream())
  const socket = await connect()
  const wire = new Wire(plan.port ? 'tcpOutgoing' : 'tcpIncoming', plan.level)
  wire.setTimeout(TIMEOUT)
  wire.on('timeout', () => counts.timeouts++)
  wire.on('reject', () => counts.rejects++)
  socket.on('error', error => tell({ error: error.message }))
  const closed = once(wire, 'close')
  socket.pipe(wire).pipe(socket)
  if (plan.chat) chat(wire)
  serve(wire)

  await shakeHands(wire)
  wire.unchoke()
  if (wire.peerChoking) await once(wire, 'unchoke')
  download(wire)

  process.stdin.resume().once('end', () => {
    counts.statistics = wire.statistics
    counts.uploaded = wire.uploaded
    counts.downloaded = wire.downloaded
    wire.destroy()
  })
  await closed
  // What is still on its way is read, or the system would reset the connection under the other end.
  socket.resume()
  if (!socket.closed) await once(socket, 'close')
  process.stdin.destroy()
  tell({ counts, reason: wire.closeReason ? wire.closeReason.code : null })
}

/** @returns {Promise<net.Socket>} */
async function connect () {
  if (plan.port) {
    const socket = net.connect({ port: plan.port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return socket
  }
  const server = net.createServer({ noDelay: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  tell({ port: server.address().port })
  const [socket] = await once(server, 'connection')
  server.close()
  return socket
}

async function shakeHands (wire) {
  const greeted = once(wire, 'handshake')
  const isFirst = Boolean(plan.port)
  const sayHello = () => wire.handshake(INFO_HASH, PEER_IDS[Number(isFirst)], { fast: true })
  if (plan.level > 0) {
    if (isFirst) {
      wire.startEncryption(INFO_HASH)
      await once(wire, 'crypto-handshake')
    } else {
      wire.once('crypto-infohash', () => wire.setInfoHash(INFO_HASH))
    }
  }
  if (isFirst) sayHello()
  await greeted
  if (!isFirst) sayHello()
}

/** Answers what it is asked for, at once or late. */
function serve (wire) {
  wire.on('request', (index, offset, length, respond) => {
    const answer = () => respond(null, blockAt(index))
    if (plan.latency) setTimeout(answer, plan.latency)
    else answer()
  })
}

/** Asks for all blocks, so many at a time. What fails is not asked for again. */
function download (wire) {
  let next = 0
  let settled = 0
  const ask = () => {
    const index = next++
    wire.request(index, 0, BLOCK, (error, block) => {
      if (error) {
        counts.failed[error.message] = (counts.failed[error.message] ?? 0) + 1
      } else {
        counts.blocks++
        if (Buffer.compare(block, blockAt(index)) !== 0) counts.wrong++
      }
      if (++settled === plan.blocks) tell({ done: true })
      if (next < plan.blocks) ask()
    })
  }
  if (plan.blocks === 0) tell({ done: true })
  while (next < Math.min(plan.blocks, plan.inFlight)) ask()
}

/** Says a number each millisecond, one more each time, and hears the other's. */
function chat (wire) {
  class Chat {
    onExtendedHandshake () {
      let said = 0
      const message = Buffer.alloc(100)
      const timer = setInterval(() => {
        if (wire.destroyed) return clearInterval(timer)
        message.writeUInt32BE(++said)
        wire.extended('ut_chat', message)
      }, 1)
      wire.once('finish', () => clearInterval(timer))
    }

    onMessage (message) {
      const number = new DataView(message.buffer, message.byteOffset).getUint32(0)
      if (number !== ++counts.chat) counts.chatOutOfOrder++
    }
  }
  Chat.prototype.name = 'ut_chat'
  wire.use(Chat)
}

main()
