'use strict'

/**
 * What a worker thread does: `count` blocks from one wire to another over TCP, at the level of
 * encryption `level`; tells how many came, after each.
 */

const { once } = require('node:events')
const { parentPort, workerData } = require('node:worker_threads')
const Wire = require('../..')
const { INFO_HASH, close, connectOverTcp, request, shakeHands } = require('../world/support/pair')

const BLOCK = 16384

async function main ({ level, count }) {
  const leecher = new Wire('tcpOutgoing', level)
  const seeder = new Wire('tcpIncoming', level, { infoHashes: [INFO_HASH] })
  const sockets = await connectOverTcp(leecher, seeder)
  if (level > 0) leecher.startEncryption(INFO_HASH)
  await shakeHands(leecher, seeder, { fast: true })
  seeder.on('request', (piece, offset, length, respond) => respond(null, Buffer.alloc(length, piece)))
  const unchoked = once(leecher, 'unchoke')
  seeder.unchoke()
  await unchoked
  for (let piece = 0; piece < count; piece++) {
    const block = await request(leecher, piece, 0, BLOCK)
    if (!block.every(byte => byte === (piece & 0xff))) throw new Error(`block ${piece} is another one`)
    parentPort.postMessage(piece + 1)
  }
  const closed = sockets.map(socket => once(socket, 'close'))
  await close(leecher, seeder)
  await Promise.all(closed)
}

main(workerData)
