'use strict'

const bytes = require('../support/bytes.js')
const { open, seconds, turn, until } = require('../support/drive.js')

const RING = 500
const ANSWER = 13 + bytes.BLOCK_LENGTH

let block, chunk

module.exports = {
  name: 'in: request, answered with 16 KiB',
  goal: 3,
  unit: 'msg/s',
  about: `chunks of ${RING} requests, each answered in its event with one shared block, output consumed`,

  prepare () {
    block = bytes.block(bytes.BLOCK_LENGTH, 1)
    chunk = bytes.cut(Array.from({ length: RING }, (_, i) => bytes.request(i, 0, bytes.BLOCK_LENGTH)), Infinity)[0]
  },

  /** `n` chunks of 500 requests. */
  async run (contender, n, thorough) {
    const { wire, output } = await open(contender, { unchoked: true })
    if (thorough) watch(wire)
    let count = 0
    wire.on('request', (index, offset, length, respond) => {
      if (index !== count % RING || length !== bytes.BLOCK_LENGTH) throw new Error('a request is out of order')
      count++
      respond(null, block)
    })
    const elapsed = await seconds(async () => {
      for (let i = 1; i <= n; i++) {
        wire.write(chunk)
        await turn()
        if (output.bytes < i * RING * ANSWER) {
          await until(() => output.bytes >= i * RING * ANSWER, () => `${count} requests, ${output.bytes} bytes out`)
        }
      }
    })
    if (count !== n * RING || output.bytes !== n * RING * ANSWER) throw new Error(`${count} requests, ${output.bytes} bytes out`)
    wire.destroy()
    return { amount: count, seconds: elapsed }
  }
}

/** Compares every byte of the answers with what they have to be. */
function watch (wire) {
  const expected = Buffer.concat(Array.from({ length: RING }, (_, i) => bytes.piece(i, 0, block)))
  let at = 0
  wire.on('data', data => {
    for (let i = 0; i < data.length;) {
      const part = Math.min(data.length - i, expected.length - at)
      bytes.check(data.subarray(i, i + part), expected.subarray(at, at + part), true)
      i += part
      at = (at + part) % expected.length
    }
  })
}
