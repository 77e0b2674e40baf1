'use strict'

/** webtorrent 1.x from npm, unchanged but for its bittorrent-protocol, in two processes. */

const { randomBytes } = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const Child = require('../helpers/child')
const { install } = require('../helpers/install')

const CALLER = path.join(__dirname, 'callers/webtorrent1')
const MODULES = {
  ours: path.join(__dirname, '../../compat/v3.js'),
  original: require.resolve('axon-bittorrent-protocol')
}
const SIZE = 4 * 1024 * 1024 + 12345

let installed, folder, file, children

beforeAll(async () => {
  installed = await install(CALLER)
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'webtorrent1-test-'))
  file = path.join(folder, 'file.bin')
  fs.writeFileSync(file, randomBytes(SIZE))
}, 300_000)

afterAll(() => fs.rmSync(folder, { recursive: true }))

beforeEach(() => { children = [] })

afterEach(() => {
  for (const child of children) child.kill()
})

function start (script, wire, secure, ...args) {
  const child = new Child(path.join(CALLER, script), args.map(String), {
    WEBTORRENT: path.join(installed, 'node_modules/webtorrent/index.js'),
    WIRE_MODULE: MODULES[wire],
    SECURE: String(secure)
  })
  children.push(child)
  return child
}

test.each([
  ['ours', 'ours', 'torrentFile', false],
  ['ours', 'ours', 'magnet', true],
  ['ours', 'original', 'torrentFile', true],
  ['original', 'ours', 'torrentFile', true]
])('%s downloads from %s, given a %s; encrypted: %s', async (downloading, seeding, given, secure) => {
  const seeder = start('seed.js', seeding, secure, file)
  const torrent = await seeder.told('port')
  const into = fs.mkdtempSync(path.join(folder, 'into-'))
  const downloader = start('download.js', downloading, secure, torrent.port, into)
  downloader.process.stdin.end(torrent[given])

  const method = secure ? 2 : null
  const wire = await downloader.told('wire')
  expect(wire).toMatchObject({ wire: 'tcpOutgoing', isOurs: downloading === 'ours' })
  // With the original, a crypto handshake may fail; webtorrent then tries in plaintext.
  if (downloading === seeding) {
    expect(wire.method).toBe(method)
    expect(await seeder.told('wire')).toMatchObject({ wire: 'tcpIncoming', isOurs: true, method })
  }
  expect(await downloader.told('done')).toEqual({ done: 1, downloaded: SIZE })
  expect(await downloader.told('closed')).toMatchObject({ pending: 0 })
  await downloader.told('destroyed')
  await downloader.exited()

  seeder.process.stdin.end()
  await seeder.told('destroyed')
  await seeder.exited()
  expect(fs.readFileSync(path.join(into, 'file.bin')).equals(fs.readFileSync(file))).toBe(true)
}, 60_000)
