'use strict'

/** One end of bench/utp: `child.js MODULE ROLE OPTIONS`. */

const { once } = require('node:events')

const [file, role, options] = process.argv.slice(2)
const utp = require(file)
const { port, connections, bytes } = JSON.parse(options)

const roles = { receive, send, idle }

async function receive () {
  const server = utp.createServer()
  let received = 0
  let ended = 0
  let since, cpu
  server.on('connection', connection => {
    since ??= performance.now()
    cpu ??= process.cpuUsage()
    connection.on('error', error => { throw error })
    connection.on('data', chunk => { received += chunk.length })
    connection.on('end', () => {
      connection.end()
      if (++ended === connections) process.send({ bytes: received, seconds: (performance.now() - since) / 1000, cpu: seconds(cpu) })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send({ port: server.address().port })
}

async function send () {
  const cpu = process.cpuUsage()
  const clients = utp()
  const chunk = Buffer.alloc(65536, 7)
  await Promise.all(Array.from({ length: connections }, async () => {
    const connection = clients.connect(port, '127.0.0.1')
    connection.on('error', error => { throw error })
    for (let left = bytes; left > 0;) {
      const part = chunk.subarray(0, Math.min(left, chunk.length))
      left -= part.length
      if (!connection.write(part)) await once(connection, 'drain')
    }
    connection.end()
    await once(connection.resume(), 'end')
  }))
  process.send({ cpu: seconds(cpu) })
}

async function idle () {
  const server = utp.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const clients = utp()
  const sent = Buffer.alloc(bytes)
  const open = async count => {
    for (let opened = 0; opened < count; opened++) {
      const accepted = once(server, 'connection')
      const connection = clients.connect(server.address().port, '127.0.0.1')
      connection.write(sent)
      const [peer] = await accepted
      await arrived(peer)
      peer.write(sent)
      await arrived(connection)
    }
  }
  // What the process keeps for any number of connections is there after the first ones.
  await open(connections)
  const before = memory()
  await open(connections)
  process.send({ bytes: memory() - before })
}

/** Resolves when all of it has come. */
function arrived (connection) {
  let left = bytes
  return new Promise(resolve => connection.on('data', chunk => {
    left -= chunk.length
    if (left === 0) resolve()
  }))
}

function memory () {
  global.gc()
  return process.memoryUsage.rss()
}

function seconds (since) {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e6
}

roles[role]()
