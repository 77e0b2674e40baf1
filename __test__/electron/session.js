'use strict'

/**
 * All that crosses the boundary as bytes or objects: blocks, bitfields, handshakes, hashes, bencode, a
 * violation and statistics, in plaintext and encrypted.
 */

const { once } = require('node:events')
const Wire = require('../..')
const { bencodeDecode } = require('../../lib/load.js')
const { INFO_HASH, PEER_IDS, close, pipeTogether, request } = require('../world/support/pair')

const BLOCK = 16384

async function session (level) {
  const leecher = new Wire('tcpOutgoing', level)
  const seeder = new Wire('tcpIncoming', level, { infoHashes: [INFO_HASH] })
  pipeTogether(leecher, seeder)
  if (level > 0) leecher.startEncryption(INFO_HASH)
  seeder.extendedHandshake = { v: 'seeder', p: 6881, nested: { list: [1, Buffer.from('two')] } }
  const extended = once(leecher, 'extended')
  const met = Promise.all([once(leecher, 'handshake'), once(seeder, 'handshake'), extended])
  leecher.handshake(INFO_HASH, PEER_IDS[0], { fast: true, v2: true })
  seeder.handshake(INFO_HASH, PEER_IDS[1], { fast: true, v2: true })
  await met
  const bitfield = once(leecher, 'bitfield')
  seeder.bitfield(Buffer.alloc(100, 0xaa))
  await bitfield
  const hashes = once(leecher, 'hashes')
  seeder.hashes({ piecesRoot: Buffer.alloc(32, 1), baseLayer: 0, index: 0, length: 2, proofLayers: 0 }, Buffer.alloc(64, 2))
  await hashes
  const unchoked = once(leecher, 'unchoke')
  seeder.on('request', (piece, offset, length, respond) => respond(null, Buffer.alloc(length, piece)))
  seeder.unchoke()
  await unchoked
  const blocks = await Promise.all(Array.from({ length: 40 }, (_, piece) => request(leecher, piece, 0, BLOCK)))
  const { received } = leecher.statistics
  await close(leecher, seeder)
  return blocks.every((block, piece) => block.every(byte => byte === piece)) && received.payload >= 40 * BLOCK
}

async function violation () {
  const wire = new Wire('tcpIncoming')
  wire.resume()
  const told = once(wire, 'violation')
  wire.write('GET / HTTP/1.1\r\n')
  const [{ code }] = await told
  return code === 'ERR_BAD_HANDSHAKE'
}

async function main () {
  const results = [await session(0), await session(2), await violation()]
  const { name } = bencodeDecode(Buffer.from('d4:name3:abce'))
  results.push(Buffer.from(name).toString() === 'abc')
  // Set once the addon has looked for what it may not call.
  results.push(process.env.EXTERNAL_BUFFERS)
  console.log(JSON.stringify(results))
}

main()
