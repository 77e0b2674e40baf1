'use strict'

/**
 * node bench/utp/beside-tcp [--rate MB/s] [--queue ms] [--delay ms] [--loss %] [--seconds N]
 *
 * Our uTP, and utp-native, over a way with a queue that TCP of the system comes to and leaves: what
 * each gets before, meanwhile and after. In network namespaces of its own, by root on Linux; sch_netem
 * is not needed.
 */

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { createRequire } = require('node:module')
const path = require('node:path')
const { createInterface } = require('node:readline')
const { setTimeout: sleep } = require('node:timers/promises')
const { parseArgs } = require('node:util')
const { install } = require('../../../__test__/world/webtorrent/install.js')

async function main () {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '4' },
      queue: { type: 'string', default: '300' },
      delay: { type: 'string', default: '25' },
      loss: { type: 'string', default: '0' },
      seconds: { type: 'string', default: '12' }
    }
  })
  const [rate, queue, delay, loss, seconds] = ['rate', 'queue', 'delay', 'loss', 'seconds'].map(name => Number(values[name]))
  const way = [rate * 1e6, queue / 1000, delay / 1000, loss / 100].map(String)
  const contenders = { ours: path.join(__dirname, '../../../utp.js'), 'utp-native': createRequire(await install()).resolve('utp-native') }
  for (const [name, file] of Object.entries(contenders)) console.log(`${name}:`, await measure(file, way, seconds))
}

/** MB/s of uTP and of TCP, in thirds: uTP alone, both, uTP alone; of each the second half. */
async function measure (file, way, seconds) {
  const started = []
  const start = (command, args) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    started.push(child)
    return child
  }
  try {
    const between = start('unshare', ['--net', 'python3', path.join(__dirname, 'way.py'), ...way])
    const [line] = await once(createInterface({ input: between.stdout }), 'line')
    const [near, far] = line.split(' ')
    const end = (pid, ...args) => start('nsenter', [`--net=/proc/${pid}/ns/net`, process.execPath, path.join(__dirname, 'end.js'), ...args])
    const speeds = [file, 'net'].map(module => {
      const all = []
      createInterface({ input: end(far, module, 'receive').stdout }).on('line', line => all.push(Number(line)))
      return all
    })
    await sleep(1000)
    end(near, file, 'send', String(seconds * 3))
    const thirds = []
    for (const third of ['alone', 'beside TCP', 'alone again']) {
      if (third === 'beside TCP') end(near, 'net', 'send', String(seconds))
      await sleep(seconds * 500)
      for (const all of speeds) all.length = 0
      await sleep(seconds * 500)
      thirds.push([third, speeds.map(mean)])
    }
    return Object.fromEntries(thirds.map(([third, [utp, tcp]]) => [third, `${utp} MB/s of uTP, ${tcp} of TCP`]))
  } finally {
    for (const child of started.reverse()) {
      child.stdin.end()
      child.kill()
    }
  }
}

function mean (all) {
  return (all.reduce((sum, value) => sum + value, 0) / all.length / 1e6).toFixed(2)
}

main()
