'use strict'

/**
 * node bench/utp [--rounds N] [--mib N] [--connections N]
 *
 * Our uTP beside utp-native, in turn: bytes one way between two processes on this machine, straight
 * and over a relay of 25 ms each way with and without losses; CPU of both ends; what an idle
 * connection keeps in memory; 200 connections at once. Prints medians.
 */

const { fork } = require('node:child_process')
const { once } = require('node:events')
const { createRequire } = require('node:module')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { install } = require('../../__test__/world/webtorrent/install.js')
const { openRelay } = require('../../__test__/utp/support/relay.js')

const CHILD = path.join(__dirname, 'child.js')

async function main () {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      mib: { type: 'string', default: '64' },
      connections: { type: 'string', default: '500' }
    }
  })
  const [rounds, mib, connections] = [values.rounds, values.mib, values.connections].map(Number)
  const contenders = {
    ours: path.join(__dirname, '../../utp.js'),
    'utp-native': createRequire(await install()).resolve('utp-native')
  }
  const rows = {
    'one connection': file => transfer(file, { mib }),
    '200 connections': file => transfer(file, { mib, connections: 200 }),
    'one connection, 50 ms': file => transfer(file, { mib: mib / 4, way: { delay: 25 } }),
    'one connection, 50 ms, 1 % lost': file => transfer(file, { mib: mib / 16, way: { delay: 25, loss: 0.01 } }),
    'idle, never used': file => idle(file, connections, 5),
    'idle, after 256 KiB': file => idle(file, connections, 256 * 1024)
  }
  for (const [row, run] of Object.entries(rows)) {
    const results = {}
    for (let round = 0; round < rounds; round++) {
      for (const [name, file] of Object.entries(contenders)) (results[name] ??= []).push(await run(file))
    }
    for (const [name, all] of Object.entries(results)) console.log(`${row}: ${name}:`, medians(all))
  }
}

/** Megabytes a second, and CPU of both ends in seconds a GiB. */
async function transfer (file, { mib, connections = 1, way }) {
  const server = start(file, 'receive', { connections })
  const { port } = await told(server)
  const relay = way === undefined ? null : await openRelay(port, { seed: 1, ...way })
  const bytes = Math.ceil(mib * (1 << 20) / connections)
  const client = start(file, 'send', { port: relay?.port ?? port, connections, bytes })
  const [received, sent] = await Promise.all([told(server), told(client)])
  if (received.bytes !== bytes * connections) throw new Error(`${received.bytes} of ${bytes * connections} bytes`)
  await relay?.close()
  server.kill()
  client.kill()
  const GiB = received.bytes / (1 << 30)
  return { 'MB/s': received.bytes / 1e6 / received.seconds, 'CPU s/GiB': (received.cpu + sent.cpu) / GiB }
}

/** Kilobytes of memory that one end of an idle connection keeps. */
async function idle (file, connections, used) {
  const child = start(file, 'idle', { connections, bytes: used })
  const { bytes } = await told(child)
  child.kill()
  return { 'kB an end': bytes / 1024 / connections / 2 }
}

function start (file, role, options) {
  return fork(CHILD, [file, role, JSON.stringify(options)], { execArgv: ['--expose-gc'] })
}

async function told (child) {
  const [message] = await once(child, 'message')
  return message
}

function medians (all) {
  const median = values => values.sort((a, b) => a - b)[values.length >> 1]
  return Object.fromEntries(Object.keys(all[0]).map(key => [key, Number(median(all.map(result => result[key])).toFixed(2))]))
}

main()
