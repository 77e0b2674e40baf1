'use strict'

const { execFile, spawn } = require('node:child_process')
const { createHash, randomBytes } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')

const { Side } = require('../examples/demo/processes')
const { encode } = require('../lib/bencode')
const { RawSeeder, read, handshake, message, numbers } = require('./helpers/raw-peer')

const DEMO = path.join(__dirname, '..', 'examples', 'demo', 'index.js')
const PIECE = 32 << 10

jest.setTimeout(60000)

let folder
/** What a test started and must not outlive it. */
let running

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-test-'))
  running = []
})

afterEach(async () => {
  for (const thing of running) await (thing.close ?? thing.stop).call(thing)
  fs.rmSync(folder, { recursive: true, force: true })
})

const place = (name) => path.join(folder, name)

/** Its temporary files go to a folder that the test can look into. */
function environment () {
  fs.mkdirSync(place('tmp'), { recursive: true })
  const env = { ...process.env, TMPDIR: place('tmp'), TEMP: place('tmp'), TMP: place('tmp') }
  delete env.INIT_CWD
  return { cwd: folder, env }
}

/** Runs the demo to its end. */
function demo (...args) {
  return new Promise((resolve) => {
    execFile(process.execPath, [DEMO, ...args], environment(), (err, stdout, stderr) => {
      resolve({ code: err ? err.code : 0, stdout, stderr })
    })
  })
}

/** Runs the demo, which must fail with one line, and gives that line. */
async function failure (...args) {
  const { code, stderr } = await demo(...args)
  expect(stderr).toMatch(/^demo: [^\n]+\n$/)
  expect(code).toBe(1)
  return stderr.slice('demo: '.length).trimEnd()
}

/** Writes a torrent file; what it says can be overridden. */
function makeTorrent (data, overrides = {}, name = 'x.torrent') {
  const hashes = []
  for (let at = 0; at < data.length; at += PIECE) {
    hashes.push(createHash('sha1').update(data.subarray(at, at + PIECE)).digest())
  }
  const info = {
    name: 'data.bin', length: data.length, 'piece length': PIECE, pieces: Buffer.concat(hashes), ...overrides
  }
  const file = place(name)
  fs.writeFileSync(file, encode({ announce: 'http://localhost/', info, zero: 0 }))
  return { file, infoHash: createHash('sha1').update(encode(info)).digest('hex'), pieceCount: hashes.length }
}

async function seed (options) {
  const seeder = await RawSeeder.listen({ pieceLength: PIECE, ...options })
  running.push(seeder)
  return seeder.address
}

/** A torrent of one file, and a raw seeder that has it. */
async function torrentWithPeer (options = {}) {
  const data = randomBytes(5 * PIECE + 1234)
  const { file, infoHash, pieceCount } = makeTorrent(data)
  return { data, file, infoHash, peer: await seed({ infoHash, data, pieceCount, ...options }) }
}

describe('a local transfer', () => {
  test.each([['', []], [', over the native transport', ['--native']]])('of a given file, kept with --out%s', async (name, options) => {
    const data = randomBytes(3 * (1 << 20) + 4321)
    fs.writeFileSync(place('a file'), data)
    const { code, stdout, stderr } = await demo('a file', '--out', 'received', ...options)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(fs.readFileSync(place('received/a file')).equals(data)).toBe(true)
    expect(stdout).toMatch(/Transfer 100% {2}3\.0 MiB of 3\.0 MiB/)
    expect(stdout).toContain('Every piece arrived and matches its SHA-1')
    expect(stdout).toContain(place('received/a file'))
    // handshake, extended handshake, have-all, unchoke, and a block each
    const blocks = Math.ceil(data.length / (16 << 10))
    expect(stdout).toMatch(new RegExp(`^seeder +3\\.0 MiB .* MB/s +${blocks + 4} +${blocks + 4} .* s$`, 'm'))
    expect(stdout).toMatch(new RegExp(`^leecher +3\\.0 MiB .* MB/s +${blocks + 4} +${blocks + 4} .* s$`, 'm'))
    expect(fs.readdirSync(place('tmp'))).toEqual([])
  })

  test('of a random file leaves nothing behind', async () => {
    const { code, stdout, stderr } = await demo('--size', '2')
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toContain('matches its SHA-1')
    expect(fs.readdirSync(place('tmp'))).toEqual([])
    expect(fs.readdirSync(folder)).toEqual(['tmp'])
  })

  test('of one byte', async () => {
    fs.writeFileSync(place('byte'), 'x')
    expect(await demo('byte')).toMatchObject({ code: 0, stderr: '' })
  })

  test('of what is no file fails', async () => {
    fs.writeFileSync(place('empty'), '')
    expect(await failure('missing')).toBe(`cannot read ${place('missing')}: no such file or folder`)
    expect(await failure('empty')).toBe(`${place('empty')} is empty`)
    expect(await failure('.')).toBe(`${folder} is a folder, not a file`)
  })

  test('onto a file that is there already fails, and leaves that alone', async () => {
    fs.writeFileSync(place('a'), 'new')
    fs.mkdirSync(place('received'))
    fs.writeFileSync(place('received/a'), 'old')
    expect(await failure('a', '--out', 'received')).toMatch(/cannot download to .*a: exists already$/)
    expect(fs.readFileSync(place('received/a'), 'utf8')).toBe('old')
  })
})

describe('a torrent from a peer', () => {
  test.each([['', []], [', over the native transport', ['--native']]])('of one file%s', async (name, options) => {
    const { data, file, peer } = await torrentWithPeer()
    const { code, stdout, stderr } = await demo('--torrent', file, '--peer', peer, ...options)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(fs.readFileSync(place('downloads/data.bin')).equals(data)).toBe(true)
    expect(stdout).toContain(`Written to ${place('downloads/data.bin')}`)
  })

  test('of several files, with empty ones and padding', async () => {
    const parts = [randomBytes(PIECE + 7), Buffer.alloc(PIECE - 7), randomBytes(3), randomBytes(3 * PIECE)]
    const data = Buffer.concat(parts)
    const { file, infoHash, pieceCount } = makeTorrent(data, {
      name: 'folder',
      length: undefined,
      files: [
        { path: ['first'], length: parts[0].length },
        { path: ['.pad', '32761'], length: parts[1].length, attr: 'p' },
        { path: ['empty'], length: 0 },
        { path: ['sub', 'sub', 'é'], length: parts[2].length },
        { path: ['sub', 'last'], length: parts[3].length },
        { path: ['sub', 'empty'], length: 0 }
      ]
    })
    const peer = await seed({ infoHash, data, pieceCount })
    expect(await demo('--torrent', file, '--peer', peer, '--out', 'here')).toMatchObject({ code: 0, stderr: '' })
    const bytes = (name) => fs.readFileSync(place(`here/folder/${name}`))
    expect(bytes('first').equals(parts[0])).toBe(true)
    expect(bytes('empty')).toHaveLength(0)
    expect(bytes('sub/sub/é').equals(parts[2])).toBe(true)
    expect(bytes('sub/last').equals(parts[3])).toBe(true)
    expect(bytes('sub/empty')).toHaveLength(0)
    expect(fs.readdirSync(place('here/folder')).sort()).toEqual(['empty', 'first', 'sub'])
  })

  test('whose info dictionary is not sorted: its hash is that of its own bytes', async () => {
    const data = randomBytes(PIECE)
    const hash = createHash('sha1').update(data).digest()
    const info = Buffer.concat([
      Buffer.from(`d6:pieces20:${hash.toString('latin1')}12:piece lengthi${PIECE}e4:name1:n6:lengthi${PIECE}ee`, 'latin1')
    ])
    fs.writeFileSync(place('x.torrent'), Buffer.concat([Buffer.from('d4:info'), info, Buffer.from('e')]))
    const peer = await seed({ infoHash: createHash('sha1').update(info).digest('hex'), data, pieceCount: 1 })
    expect(await demo('--torrent', 'x.torrent', '--peer', peer)).toMatchObject({ code: 0, stderr: '' })
    expect(fs.readFileSync(place('downloads/n')).equals(data)).toBe(true)
  })

  test('that refuses the connection', async () => {
    const { file } = makeTorrent(randomBytes(10))
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address()
    server.close()
    await once(server, 'close')
    expect(await failure('--torrent', file, '--peer', `127.0.0.1:${port}`))
      .toBe(`cannot connect to 127.0.0.1:${port}: connection refused`)
    expect(fs.existsSync(place('downloads'))).toBe(false)
  })

  test('with another info hash', async () => {
    const { file, infoHash } = makeTorrent(randomBytes(10))
    const other = 'ab'.repeat(20)
    const peer = await seed({ infoHash: other })
    expect(await failure('--torrent', file, '--peer', peer))
      .toBe(`${peer} serves another torrent: its info hash is ${other}, not ${infoHash}`)
    expect(fs.readdirSync(place('downloads'))).toEqual([])
  })

  test('that hangs up in mid-transfer', async () => {
    const { file, peer } = await torrentWithPeer({ closeAfter: 5 })
    expect(await failure('--torrent', file, '--peer', peer))
      .toMatch(/closed the connection, with (0 B|32\.0 KiB|64\.0 KiB) of 161\.2 KiB downloaded$/)
    expect(fs.readdirSync(place('downloads'))).toEqual([])
  })

  test('that sends other bytes', async () => {
    const { file, peer } = await torrentWithPeer({ spoil: 2 * PIECE + (16 << 10) })
    expect(await failure('--torrent', file, '--peer', peer)).toBe(`piece 2 from ${peer} does not match its hash`)
    expect(fs.readdirSync(place('downloads'))).toEqual([])
  })

  test('that never unchokes', async () => {
    const { file, peer } = await torrentWithPeer({ choke: true })
    expect(await failure('--torrent', file, '--peer', peer, '--timeout', '1'))
      .toBe(`${peer} sent no unchoke for 1 seconds, with 0 B of 161.2 KiB downloaded`)
  })

  test.each([
    ['hangs up at once', (socket) => socket.end(), /closed the connection without a handshake/],
    ['resets at once', (socket) => socket.resetAndDestroy(), /connection (reset|closed)|without a handshake/],
    ['speaks something else', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(9)), /does not speak|broke the protocol/],
    ['says nothing', () => {}, /sent no handshake for 1 seconds/]
  ])('that %s', async (_, behave, message) => {
    const { file } = makeTorrent(randomBytes(10))
    const sockets = []
    const server = net.createServer((socket) => {
      sockets.push(socket.on('error', () => {}))
      // Once the handshake is here, or a reset could outrun the connection itself.
      socket.once('data', () => behave(socket))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    running.push({ close () { for (const socket of sockets) socket.destroy(); server.close() } })
    const peer = `127.0.0.1:${server.address().port}`
    expect(await failure('--torrent', file, '--peer', peer, '--timeout', '1')).toMatch(message)
  })

  test('interrupted by Ctrl-C removes what it began', async () => {
    const { file, peer } = await torrentWithPeer({ choke: true })
    const child = spawn(process.execPath, [DEMO, '--torrent', file, '--peer', peer], environment())
    let stderr = ''
    child.stderr.on('data', (chunk) => { stderr += chunk })
    while (!fs.existsSync(place('downloads/data.bin'))) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([1, null])
    expect(stderr).toBe('demo: interrupted\n')
    expect(fs.readdirSync(place('downloads'))).toEqual([])
  })
})

describe('a torrent file that is no good', () => {
  const data = randomBytes(2 * PIECE)
  const good = encode({ info: { name: 'a', length: 1, 'piece length': PIECE, pieces: Buffer.alloc(20) } })

  test.each([
    ['text', 'hello world', 'it is not a bencoded dictionary'],
    ['a string length below zero', 'd4:infod-3:ee', 'it is not valid bencode'],
    ['a string length past the end', 'd4:info999:e', 'it is cut off'],
    ['the first half', good.subarray(0, good.length >> 1), 'it is cut off'],
    ['another info', 'd4:infoi1ee', 'it has no info dictionary'],
    ['no info', 'de', 'it has no info'],
    ['deep nesting', `d4:info${'l'.repeat(1e5)}${'e'.repeat(1e5)}e`, expect.any(String)]
  ])('%s', async (_, bytes, reason) => {
    fs.writeFileSync(place('x.torrent'), bytes)
    const line = await failure('--torrent', 'x.torrent', '--peer', '127.0.0.1:1')
    const start = `${place('x.torrent')} is not a usable torrent: `
    expect(line.slice(0, start.length)).toBe(start)
    expect(line.slice(start.length)).toEqual(reason)
  })

  test.each([
    ['a name that leads out', { name: '..' }, 'unsafe file name: ".."'],
    ['an absolute name', { name: '/etc/passwd' }, 'unsafe file name: "/etc/passwd"'],
    ['an empty name', { name: '' }, 'unsafe file name: ""'],
    ['a name with a nul', { name: 'a\0b' }, 'unsafe file name'],
    ['a path that leads out', { files: [{ path: ['a', '..', '..', 'b'], length: data.length }] }, 'unsafe file name: ".."'],
    ['a path with a slash', { files: [{ path: ['a/../../b'], length: data.length }] }, 'unsafe file name: "a/../../b"'],
    ['an empty path', { files: [{ path: [], length: data.length }] }, 'path of a file is malformed'],
    ['a file that is no dictionary', { files: [1] }, 'length of a file is malformed'],
    ['a negative length', { length: -1 }, 'length of a file is malformed'],
    ['no length', { length: undefined }, 'length of a file is malformed'],
    ['no bytes', { length: 0 }, 'its files are empty'],
    ['lengths past 2 ** 53', { files: [1, 2].map(() => ({ path: ['a'], length: 2 ** 53 - 1 })) }, 'too long'],
    ['too few hashes', { length: data.length + 1 }, '2 hashes for 3 pieces'],
    ['piece length 0', { 'piece length': 0 }, 'piece length is not usable'],
    ['too many pieces', { 'piece length': 1, length: 3e6 }, 'too many pieces'],
    ['no hashes', { pieces: undefined }, 'list of hashes is malformed'],
    ['version 2 only', { pieces: undefined, 'meta version': 2 }, 'BitTorrent v2 only']
  ])('%s', async (_, overrides, reason) => {
    const { file } = makeTorrent(data, overrides)
    expect(await failure('--torrent', file, '--peer', '127.0.0.1:1')).toContain(reason)
  })

  test('none at all', async () => {
    expect(await failure('--torrent', 'x.torrent', '--peer', '127.0.0.1:1'))
      .toBe(`cannot read ${place('x.torrent')}: no such file or folder`)
  })

  test('with the same path twice fails, and leaves nothing', async () => {
    const { file, infoHash, pieceCount } = makeTorrent(data, {
      length: undefined,
      files: [{ path: ['a'], length: PIECE }, { path: ['a'], length: PIECE }]
    })
    const peer = await seed({ infoHash, data, pieceCount })
    expect(await failure('--torrent', file, '--peer', peer)).toMatch(/cannot write .*a: exists already$/)
    expect(fs.readdirSync(place('downloads'))).toEqual([])
  })
})

describe('arguments', () => {
  test('--help', async () => {
    const { code, stdout, stderr } = await demo('--help')
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(stdout).toContain('npm run demo -- --torrent FILE.torrent --peer HOST:PORT')
  })

  test.each([
    [['--wrong'], "Unknown option '--wrong'; --help lists the options"],
    [['a', 'b'], 'give one PATH, not several'],
    [['a', '--torrent', 'b', '--peer', 'c:1'], 'give either a PATH or --torrent, not both'],
    [['--torrent', 'a'], '--torrent needs a --peer HOST:PORT to download from'],
    [['--peer', 'a:1'], '--peer needs a --torrent FILE.torrent to download'],
    [['--torrent', 'a', '--peer', 'b'], '--peer wants HOST:PORT, not b'],
    [['--torrent', 'a', '--peer', 'b:70000'], '--peer wants HOST:PORT, not b:70000'],
    [['--size', '0'], '--size wants a whole number from 1 to 1048576, not 0'],
    [['--timeout', '1.5'], '--timeout wants a whole number from 1 to 86400, not 1.5']
  ])('%j', async (args, line) => {
    expect(await failure(...args)).toBe(line)
  })
})

describe('the seeder, to a peer without the fast extension', () => {
  test('sends a bitfield with clear spare bits, and serves what is inside the file', async () => {
    const data = randomBytes(9 * PIECE + 100)
    const { file: torrentFile, infoHash } = makeTorrent(data)
    fs.writeFileSync(place('data.bin'), data)
    const side = new Side('seeder', { file: place('data.bin'), torrentFile })
    running.push(side)
    const { listening } = await side.news()

    const socket = net.connect(listening, '127.0.0.1')
    const messages = []
    read(socket, () => {}, (id, payload) => {
      messages.push([id, Buffer.from(payload)])
      if (id === 7) socket.end()
    })
    socket.write(Buffer.concat([
      handshake(infoHash),
      message(2),
      message(6, numbers(10, 0, 100)), // no such piece
      message(6, numbers(9, 0, 101)), // past the end of the last
      message(6, numbers(0, PIECE - 1, 2)), // past the end of the first
      message(6, numbers(0, 0, 0)),
      message(6, numbers(0, 0, 0xffffffff)),
      message(6, numbers(9, 10, 90))
    ]))
    await once(socket, 'close')

    expect(messages.map(([id]) => id)).toEqual([5, 1, 7])
    expect(messages[0][1]).toEqual(Buffer.from([0xff, 0xc0]))
    expect(messages[2][1]).toEqual(Buffer.concat([numbers(9, 10), data.subarray(-90)]))
    await expect(side.done).resolves.toMatchObject({ payload: 90, messagesOut: 4, messagesIn: 8 })
  })

  test('closes on another info hash', async () => {
    const { file: torrentFile } = makeTorrent(randomBytes(10))
    fs.writeFileSync(place('data.bin'), randomBytes(10))
    const side = new Side('seeder', { file: place('data.bin'), torrentFile })
    running.push(side)
    const { listening } = await side.news()
    const socket = net.connect(listening, '127.0.0.1')
    socket.resume().write(handshake('00'.repeat(20)))
    await once(socket, 'close')
    expect(socket.bytesRead).toBe(0)
  })
})
