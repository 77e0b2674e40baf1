'use strict'

/** What keeps a process alive, and how threads and processes end under traffic. */

const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')

/** Runs a script that has the transport as `connect` and `listen`; gives what it printed. */
async function run (script, limit = 20000) {
  const head = `
    const { connect, listen } = require(${JSON.stringify(path.join(__dirname, '../../net.js'))})
    const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
    const { once } = require('node:events')
    const id = Buffer.alloc(20, 1)
    const block = Buffer.alloc(16384, 7)
    /** Downloads from a server of this thread, for ever. */
    async function traffic (encryption) {
      const server = listen({ host: '127.0.0.1', peerId: id, infoHashes: [id], encryption }, wire => {
        wire.on('interested', () => wire.unchoke())
        wire.on('request', (index, offset, length, respond) => respond(null, block))
      })
      await once(server, 'listening')
      const wire = connect({ host: '127.0.0.1', port: server.address().port, infoHash: id, peerId: id, encryption })
      wire.once('handshake', () => wire.interested())
      await once(wire, 'unchoke')
      const ask = () => wire.request(0, 0, block.length, error => { if (!error) ask() })
      for (let i = 0; i < 64; i++) ask()
      while (wire.downloaded < 100 * block.length) await once(wire, 'download')
      return { server, wire }
    }`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', head + script], { timeout: limit })
  return stdout.trim().split('\n')
}

test('a process ends when its wires and servers have', async () => {
  expect(await run(`
    traffic('none').then(({ server, wire }) => {
      server.close(() => console.log('server'))
      wire.once('disconnect', () => console.log('wire'))
      setTimeout(() => wire.destroy(), 10)
    })`)).toEqual(expect.arrayContaining(['server', 'wire']))
})

test.each(['none', 'require'])('process.exit under traffic (encryption: %s)', async encryption => {
  expect(await run(`
    process.on('exit', () => console.log('exit'))
    traffic('${encryption}').then(() => process.exit())`)).toEqual(['exit'])
})

test('what is unreferenced keeps nothing alive, and works as long as something else does', async () => {
  expect(await run(`
    process.on('exit', () => console.log('exit'))
    traffic('none').then(({ server, wire }) => {
      server.unref()
      server.on('wire', wire => wire.unref())
      wire.unref()
      for (const wire of server.wires) wire.unref()
      const before = wire.downloaded
      setTimeout(() => console.log(wire.downloaded > before), 100)
    })`)).toEqual(['true', 'exit'])
})

test('a server alone keeps the process alive, and one that failed does not', async () => {
  expect(await run(`
    const server = listen({ host: '127.0.0.1' })
    server.on('listening', () => {
      const second = listen({ host: '127.0.0.1', port: server.address().port })
      second.on('error', error => console.log(error.code))
      setTimeout(() => server.close(() => console.log('closed')), 50).unref()
    })`)).toEqual(['EADDRINUSE', 'closed'])
})

test('threads: two at once, one of them ended under traffic', async () => {
  expect(await run(`
    const work = \`
      const { connect, listen } = require(${JSON.stringify(path.join(__dirname, '../../net.js'))})
      const { parentPort } = require('node:worker_threads')
      const { once } = require('node:events')
      const id = Buffer.alloc(20, 1)
      const block = Buffer.alloc(16384, 7)
      \${traffic}
      traffic('require').then(({ wire }) => {
        parentPort.postMessage('running')
        parentPort.on('message', () => parentPort.postMessage(wire.downloaded))
      })\`
    async function main () {
      const first = new Worker(work, { eval: true })
      const second = new Worker(work, { eval: true })
      await Promise.all([once(first, 'message'), once(second, 'message')])
      const { wire, server } = await traffic('none')
      console.log(await first.terminate())
      second.postMessage('')
      const [before] = await once(second, 'message')
      let [now] = [before]
      while (now <= before) {
        second.postMessage('')
        ;[now] = await once(second, 'message')
      }
      const here = wire.downloaded
      while (wire.downloaded === here) await once(wire, 'download')
      console.log('both go on')
      await second.terminate()
      process.exit()
    }
    main()`)).toEqual(['1', 'both go on'])
})
