'use strict'

const { performance } = require('node:perf_hooks')
const bytes = require('./bytes.js')
const { serve } = require('./child.js')
const { contenders } = require('./contenders.js')
const { turn } = require('./drive.js')

const WARM = 200
const BATCH = 100

/**
 * Makes handshaken wires and tells what each of them keeps.
 * @param {{ count: number }} request
 * @returns {Promise<{ rss: number, heap: number, external: number, micros: number }>} bytes and µs a wire
 */
serve(async ({ count }) => {
  const [contender] = await contenders([process.argv[2]])
  await grow(contender, WARM)

  const before = await usage()
  const start = performance.now()
  const wires = await grow(contender, count)
  const micros = (performance.now() - start) * 1000 / count
  const after = await usage()

  if (wires.length !== count) throw new Error(`${wires.length} wires`)
  const each = key => (after[key] - before[key]) / count
  return { rss: each('rss'), heap: each('heapUsed'), external: each('external'), micros }
})

/** `count` wires that have sent and received a handshake, BEP 6 and 10 switched on. */
async function grow (contender, count) {
  const wires = []
  let shaken = 0
  let sent = 0
  const onhandshake = () => { shaken++ }
  const ondata = chunk => { sent += chunk.length }
  const handshake = bytes.handshake({ extensions: true })
  const extensions = { dht: true, fast: true }
  for (let i = 0; i < count; i++) {
    const wire = contender.make('tcpOutgoing')
    wire.on('handshake', onhandshake)
    wire.on('data', ondata)
    wire.handshake(bytes.INFO_HASH, bytes.PEER_ID, extensions)
    const chunk = Buffer.allocUnsafeSlow(handshake.length)
    chunk.set(handshake)
    wire.write(chunk)
    wires.push(wire)
    if (i % BATCH === 0) await turn()
  }
  await turn()
  await turn()
  if (shaken !== count || sent < 68 * count) throw new Error(`${shaken} of ${count} handshakes, ${sent} bytes out`)
  return wires
}

/** What the process uses when nothing is left to collect. */
async function usage () {
  for (let i = 0; i < 4; i++) {
    globalThis.gc()
    await turn()
  }
  return process.memoryUsage()
}
