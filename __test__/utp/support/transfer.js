'use strict'

const { createHash } = require('node:crypto')
const { once } = require('node:events')

const CHUNK = 65536

/** Chunk `index` of a stream that no other is like. */
function chunk (index, salt) {
  const bytes = Buffer.alloc(CHUNK)
  for (let i = 0; i < CHUNK; i += 4) bytes.writeUInt32LE(Math.imul(index * (CHUNK / 4) + (i >> 2) + salt, 2654435761) >>> 0, i)
  return bytes
}

/** Writes `count` chunks with backpressure, and ends; gives the hash of them. */
async function send (stream, count, salt = 1) {
  const hash = createHash('sha1')
  for (let index = 0; index < count; index++) {
    const bytes = chunk(index, salt)
    hash.update(bytes)
    if (!stream.write(bytes)) await once(stream, 'drain')
  }
  stream.end()
  return hash.digest('hex')
}

/** Reads to the end; gives the hash, and how long nothing came at most. */
async function receive (stream) {
  const hash = createHash('sha1')
  let length = 0
  let last = performance.now()
  let stall = 0
  stream.on('data', bytes => {
    hash.update(bytes)
    length += bytes.length
    stall = Math.max(stall, performance.now() - last)
    last = performance.now()
  })
  await once(stream, 'end')
  return { hash: hash.digest('hex'), length, stall }
}

module.exports = { CHUNK, chunk, receive, send }
