'use strict'

/** webtorrent from npm, unchanged but for its bittorrent-protocol, and its extensions, in two processes. */

const { spawn } = require('node:child_process')
const { randomBytes } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { createInterface } = require('node:readline')
const { pathToFileURL } = require('node:url')
const { ourFile, upstreamFile, upstreamUnderTest } = require('../helpers/wire')
const Wire = require('../..')
const utPex = require('../../extensions/ut_pex')
const { install } = require('./webtorrent/install')

const MODULES = { ours: ourFile, upstream: upstreamFile }
/** Puts our extensions in the places of ut_metadata, ut_pex and lt_donthave. */
const OUR_EXTENSIONS = Object.fromEntries(['ut_metadata', 'ut_pex', 'lt_donthave'].map(name =>
  [`${name.toUpperCase()}_MODULE`, pathToFileURL(path.join(__dirname, `../../extensions/${name}.js`)).href]))
const SIZE = 8 * 1024 * 1024 + 12345

let webtorrent, folder, file, processes

beforeAll(async () => {
  webtorrent = await install()
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'webtorrent-test-'))
  file = path.join(folder, 'file.bin')
  fs.writeFileSync(file, randomBytes(SIZE))
}, 300_000)

afterAll(() => fs.rmSync(folder, { recursive: true }))

beforeEach(() => { processes = [] })

afterEach(() => {
  for (const { child } of processes) if (child.exitCode === null) child.kill('SIGKILL')
})

test.each([
  ['ours', 'ours', 'torrentFile'],
  ['ours', 'ours', 'magnet'],
  ['ours', 'upstream', 'magnet'],
  ['upstream', 'ours', 'magnet']
])('%s downloads from %s, given a %s', (downloading, seeding, given) => transfer(downloading, seeding, given), 60_000)

// By default webtorrent allows plaintext after an encrypted handshake, and two of it choose that.
describe.each([['its default', '', 1], ['secure: 2', '2', 2]])('%s', (name, secure, method) => {
  test.each([['ours', 'ours'], ['ours', 'upstream'], ['upstream', 'ours']])(
    '%s downloads from %s', async (downloading, seeding) => {
      expect(await transfer(downloading, seeding, 'torrentFile', secure)).toMatchObject({ encryption: method })
    }, 60_000
  )
})

describe('with our extensions', () => {
  test.each([
    ['ours', 'ours', OUR_EXTENSIONS, OUR_EXTENSIONS],
    ['ours', 'upstream', OUR_EXTENSIONS, {}],
    ['upstream', 'ours', OUR_EXTENSIONS, OUR_EXTENSIONS],
    ['upstream', 'ours', {}, OUR_EXTENSIONS]
  ])('a magnet link: %s downloads from %s', async (downloading, seeding, ...extensions) => {
    await transfer(downloading, seeding, 'magnet', '0', extensions)
  }, 60_000)

  test('a peer that has nothing tells of one that has all', async () => {
    const seeder = start('ours', 'seed.mjs', [file], '0', OUR_EXTENSIONS)
    const { port, magnet } = await seeder.told('port')
    const told = []
    const server = net.createServer(socket => {
      const wire = new Wire('tcpIncoming')
      wire.use(utPex())
      wire.on('handshake', infoHash => wire.handshake(infoHash, Buffer.alloc(20, 'm')))
      wire.on('extended', name => {
        if (name !== 'handshake') return
        told.push(wire.peerExtendedMapping.ut_pex)
        wire.ut_pex.addPeer(`127.0.0.1:${port}`, { isSender: true })
        wire.ut_pex._sendMessage() // what its timer of 65 seconds does
      })
      socket.on('error', () => {})
      socket.pipe(wire).pipe(socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')

    const into = fs.mkdtempSync(path.join(folder, 'into-'))
    const downloader = start('ours', 'download.mjs', [server.address().port, into], '0', OUR_EXTENSIONS)
    downloader.child.stdin.write(magnet + '\n')
    expect(await downloader.told('done')).toEqual({ done: 1, downloaded: SIZE })
    await downloader.exited()
    expect(told).toEqual([expect.any(Number)])
    seeder.child.stdin.end()
    await seeder.exited()
    server.close()
    expect(fs.readFileSync(path.join(into, 'file.bin')).equals(fs.readFileSync(file))).toBe(true)
  }, 60_000)
})

test('the seeder is killed in the middle', async () => {
  const seeder = start('ours', 'seed.mjs', [file])
  const torrent = await seeder.told('port')
  const into = fs.mkdtempSync(path.join(folder, 'into-'))
  const downloader = start('ours', 'download.mjs', [torrent.port, into, 512 * 1024])
  downloader.child.stdin.write(torrent.torrentFile + '\n')

  await downloader.told('downloading')
  seeder.child.kill('SIGKILL')
  expect(await downloader.told('closed')).toMatchObject({ pending: 0 })
  downloader.child.stdin.end()
  await downloader.told('destroyed')
  await downloader.exited()
}, 60_000)

/** Has one client download from another; gives what the downloader told of its wire at the end. */
async function transfer (downloading, seeding, given, secure = '0', [ofDownloader, ofSeeder] = []) {
  const seeder = start(seeding, 'seed.mjs', [file], secure, ofSeeder)
  const torrent = await seeder.told('port')
  const into = fs.mkdtempSync(path.join(folder, 'into-'))
  const downloader = start(downloading, 'download.mjs', [torrent.port, into], secure, ofDownloader)
  downloader.child.stdin.write(torrent[given] + '\n')

  const { nodeStream, ourExtensions } = await downloader.told('wire')
  expect(ourExtensions).toBe(ofDownloader === OUR_EXTENSIONS)
  expect(nodeStream).toBe(downloading === 'ours' && !upstreamUnderTest)
  expect(await downloader.told('done')).toEqual({ done: 1, downloaded: SIZE })
  const closed = await downloader.told('closed')
  expect(closed).toMatchObject({ pending: 0 })
  await downloader.exited() // by itself, its input is still open

  seeder.child.stdin.end()
  await seeder.told('destroyed')
  await seeder.exited()
  expect(fs.readFileSync(path.join(into, 'file.bin')).equals(fs.readFileSync(file))).toBe(true)
  return closed
}

/** Starts one of the scripts; what it tells line by line can be waited for by a key. */
function start (wire, script, args, secure = '0', extensions = {}) {
  const child = spawn(process.execPath, [path.join(__dirname, 'webtorrent', script), ...args], {
    env: {
      ...process.env, ...extensions, SECURE: secure, WEBTORRENT: webtorrent, WIRE_MODULE: pathToFileURL(MODULES[wire]).href
    }
  })
  const lines = []
  const output = createInterface({ input: child.stdout })
  output.on('line', line => lines.push(JSON.parse(line)))
  let errors = ''
  child.stderr.on('data', text => { errors += text })
  const exit = once(child, 'close')

  const started = {
    child,
    async told (key) {
      const find = () => lines.find(line => key in line)
      for (let ended = false; !find() && !ended;) {
        ended = await Promise.race([once(output, 'line').then(() => false), exit.then(() => true)])
      }
      if (!find()) throw new Error(`${script} ended before it told "${key}"\n${errors}`)
      return find()
    },
    async exited () {
      const [code, signal] = await exit
      if (code !== 0) throw new Error(`${script} exited with ${code ?? signal}\n${errors}`)
    }
  }
  processes.push(started)
  return started
}
