'use strict'

/** Our side of `npm run test:interop`, without a client: its seeder, its download and its tracker. */

const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const Wire = require('..')
const { bencodeDecode } = Wire
const { METHODS, Seeder, download, downloadAtFullSpeed, startTracker } = require('../interop/our-side')
const { cases, runCase } = require('../interop/cases')

const BLOCK = 16384

/** A case of which the client is our own. */
function ownCase (level, expected, seen = {}) {
  return {
    name: 'ours',
    command: 'node',
    async run (workspace) {
      seen.folder = workspace.folder
      const seeder = await Seeder.listen(workspace, level)
      const announce = await startTracker(workspace, () => seeder.port)
      const { torrent, bytes } = await workspace.makeTorrent(announce)
      seeder.torrent = torrent
      expect(Buffer.from(bencodeDecode(bytes).announce).toString()).toBe(announce)
      const { peers } = bencodeDecode(Buffer.from(await (await fetch(announce)).arrayBuffer()))
      expect([...peers]).toEqual([127, 0, 0, 1, seeder.port >> 8, seeder.port & 0xff])

      const folder = workspace.subfolder('into')
      const method = await download({ torrent, host: '127.0.0.1', port: seeder.port, folder, level })
      expect(seeder.summary).toBe(method)
      return { hash: workspace.hashOf(folder), method, expected }
    }
  }
}

test.each([[0, 'plaintext'], [1, METHODS[1]], [2, METHODS[2]]])('level %d', async (level, expected) => {
  const seen = {}
  expect(await runCase(ownCase(level, expected, seen), new AbortController().signal)).toMatchObject({ method: expected })
  expect(fs.existsSync(seen.folder)).toBe(false)
}, 30_000)

test.each([[0, 'plaintext'], [2, METHODS[2]]])('level %d, at full speed', async (level, expected) => {
  const size = (4 << 20) + 12_345
  const result = await runCase({
    name: 'ours',
    size,
    async run (workspace) {
      const seeder = await Seeder.listen(workspace, level)
      await seeder.makeTorrent(workspace)
      const leech = await downloadAtFullSpeed({ torrent: seeder.torrent, host: '127.0.0.1', port: seeder.port, level })
      expect(leech).toEqual({ method: expected, complaints: [] })
      const { summary: method, complaints } = seeder
      return { hash: workspace.hash, method, expected, complaints }
    }
  }, new AbortController().signal)
  expect(result).toEqual({ method: expected, size, seconds: expect.any(Number) })
}, 30_000)

/** Asks for the whole first piece in one go, and hangs up when each block has come or was refused. */
async function grab ({ torrent, port }) {
  const socket = net.connect(port, '127.0.0.1')
  const wire = new Wire('tcpOutgoing')
  socket.pipe(wire).pipe(socket)
  wire.handshake(torrent.infoHash, Buffer.from('-GR0001-000000000001'), { fast: true })
  wire.interested()
  await once(wire, 'unchoke')
  await Promise.all(Array.from({ length: torrent.pieceLength / BLOCK }, (_, i) => new Promise(resolve => {
    wire.request(0, i * BLOCK, BLOCK, resolve)
  })))
  wire.destroy()
  await once(socket, 'close')
}

test('a client that connects twice, or is refused, is a case that fails', async () => {
  const result = await runCase({
    name: 'ours',
    size: 1 << 20,
    async run (workspace) {
      const seeder = await Seeder.listen(workspace, 0, { maxPeerRequests: 1 })
      await seeder.makeTorrent(workspace)
      for (let i = 0; i < 2; i++) await grab(seeder)
      const { complaints } = seeder
      return { hash: workspace.hash, method: 'plaintext', expected: 'plaintext', complaints }
    }
  }, new AbortController().signal)
  expect(result.error).toMatch(/^\d+ requests were refused; it connected 2 times$/)
}, 30_000)

test('a case that fails says why, and leaves nothing', async () => {
  const seen = {}
  const result = await runCase(ownCase(1, METHODS[2], seen), new AbortController().signal)
  expect(result).toEqual({ error: `it went in ${METHODS[1]}, not in ${METHODS[2]}` })
  expect(fs.existsSync(seen.folder)).toBe(false)
}, 30_000)

test('a case that is interrupted ends its client, and leaves nothing', async () => {
  const abort = new AbortController()
  const seen = {}
  const result = await runCase({
    name: 'endless',
    async run (workspace) {
      seen.folder = workspace.folder
      workspace.start(process.execPath, ['-e', `
        require('node:fs').writeFileSync('pid', String(process.pid))
        setInterval(() => {}, 1000)
      `])
      const pid = path.join(workspace.folder, 'pid')
      await workspace.until('it to start', () => fs.existsSync(pid) && fs.readFileSync(pid, 'utf8') !== '')
      seen.pid = Number(fs.readFileSync(pid, 'utf8'))
      abort.abort()
      await new Promise(() => {})
    }
  }, abort.signal)
  expect(result).toEqual({ error: 'interrupted' })
  expect(fs.existsSync(seen.folder)).toBe(false)
  expect(() => process.kill(seen.pid, 0)).toThrow('ESRCH')
}, 30_000)

test('every case has a name of its own', () => {
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
})
