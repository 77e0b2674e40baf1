'use strict'

/** Each example runs with one command, and does what it says. */

const { spawn } = require('node:child_process')
const { createHash, randomBytes } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const Wire = require('..')
const { render } = require('../examples/census')
const { fetchHashes, serveHashes } = require('../examples/hashes')
const { fetchFirst } = require('../examples/race')
const { watch } = require('../examples/watch')
const { RawSeeder } = require('./helpers/raw-peer')
const { ScriptedPeer, close: closeWire } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')
const { loadUpstream } = require('./helpers/wire')

const EXAMPLES = path.join(__dirname, '../examples')
const DATA = randomBytes(1_500_000)
const SMALL = randomBytes(20_000)

// A process for each of several steps, on a busy machine.
jest.setTimeout(60_000)

let folder
const running = []

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'examples-test-'))
  fs.writeFileSync(path.join(folder, 'data.bin'), DATA)
  fs.writeFileSync(path.join(folder, 'small.bin'), SMALL)
})

afterAll(() => fs.rmSync(folder, { recursive: true }))

afterEach(async () => {
  await Promise.all(running.splice(0).map(thing => thing.close()))
})

/** Starts an example; `match` waits for what it prints. */
function start (name, ...args) {
  const child = spawn(process.execPath, [path.join(EXAMPLES, name), ...args], { cwd: folder })
  const started = { stdout: '', stderr: '' }
  child.stdout.on('data', text => { started.stdout += text })
  child.stderr.on('data', text => { started.stderr += text })
  const exit = once(child, 'close').then(([code]) => code)
  Object.assign(started, {
    exit,
    async match (pattern) {
      for (let ended = false; !pattern.test(started.stdout);) {
        if (ended) throw new Error(`${name} ended: ${started.stdout}${started.stderr}`)
        ended = await Promise.race([once(child.stdout, 'data').then(() => false), exit.then(() => true)])
      }
      return pattern.exec(started.stdout)
    },
    interrupt: () => child.kill('SIGINT'),
    close () {
      child.kill('SIGKILL')
      return exit
    }
  })
  running.push(started)
  return started
}

/** Runs an example to its end. */
async function run (name, ...args) {
  const started = start(name, ...args)
  return { code: await started.exit, stdout: started.stdout, stderr: started.stderr }
}

async function failure (name, ...args) {
  const { code, stdout, stderr } = await run(name, ...args)
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr.split('\n\n')[0].trimEnd()).not.toContain('\n')
  return stderr.slice(path.join(EXAMPLES, name).length + 2)
}

/** Seeds data.bin. */
async function seed () {
  const seeder = start('seed.js', 'data.bin')
  const [magnet, infoHash, peer] = await seeder.match(/magnet:\?xt=urn:btih:(\w+)&dn=data\.bin&x\.pe=(\S+)/)
  return { seeder, magnet, infoHash, peer }
}

async function seedRaw (options) {
  const raw = await RawSeeder.listen(options)
  running.push(raw)
  return raw.address
}

function downloaded (name) {
  const file = path.join(folder, 'downloads', name)
  const bytes = fs.readFileSync(file)
  fs.rmSync(file)
  return bytes
}

describe('seed.js and magnet.js', () => {
  test.each([[], ['--encrypted']].map(args => [args]))('a file, with %j', async args => {
    const { seeder, magnet } = await seed()
    const { code, stdout, stderr } = await run('magnet.js', magnet, ...args)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toContain('Downloading data.bin, 1.4 MiB in 6 pieces')
    expect(stdout).toContain('Every piece matches its SHA-1.')
    expect(downloaded('data.bin').equals(DATA)).toBe(true)
    await seeder.match(/127\.0\.0\.1:\d+ took 1\.4 MiB of data\.bin\n/)
    seeder.interrupt()
    expect(await seeder.exit).toBe(0)
  })

  test('an info hash in base 32, a peer of one\'s own, a torrent file', async () => {
    const seeder = start('seed.js', 'small.bin', '--torrent', 'small.torrent')
    const [, infoHash, peer] = await seeder.match(/btih:(\w+)&dn=small\.bin&x\.pe=(\S+)/)
    const base32 = toBase32(Buffer.from(infoHash, 'hex'))
    const { code } = await run('magnet.js', `magnet:?xt=urn:btih:${base32}`, '--peer', peer)
    expect(code).toBe(0)
    expect(downloaded('small.bin').equals(SMALL)).toBe(true)

    const torrent = fs.readFileSync(path.join(folder, 'small.torrent'))
    const info = torrent.subarray(torrent.indexOf('4:info') + 6, -1)
    expect(createHash('sha1').update(info).digest('hex')).toBe(infoHash)
  })

  test('what is wrong is said in a line', async () => {
    const infoHash = 'aa'.repeat(20)
    const magnet = `magnet:?xt=urn:btih:${infoHash}`
    const raw = await seedRaw({ infoHash })
    const { peer } = await seed()
    expect(await failure('magnet.js', 'no-link')).toBe('no-link is no magnet link of BitTorrent version 1\n')
    expect(await failure('magnet.js', magnet)).toBe('the link names no peer: give one with --peer HOST:PORT\n')
    expect(await failure('magnet.js', magnet, '--peer', '127.0.0.1:1')).toBe('cannot connect to 127.0.0.1:1: connection refused\n')
    expect(await failure('magnet.js', magnet, '--peer', raw)).toBe(`${raw} gives no metadata: it does not speak the extension protocol\n`)
    expect(await failure('magnet.js', magnet, '--peer', peer)).toBe(`${peer} closed the connection before it sent the metadata\n`)
    expect(await failure('seed.js', 'nothing')).toBe(`cannot read ${path.join(folder, 'nothing')}: no such file or folder\n`)
  })
})

function toBase32 (bytes) {
  const bits = [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join('')
  return bits.match(/.{5}/g).map(five => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[parseInt(five, 2)]).join('')
}

test('encrypted-server.js serves each of its torrents, and nobody in plaintext', async () => {
  const server = start('encrypted-server.js', 'data.bin', 'small.bin')
  await server.match(/small\.bin.*\n/)
  const magnets = server.stdout.match(/magnet:\S+/g)
  expect(magnets).toHaveLength(2)
  for (const magnet of magnets) expect((await run('magnet.js', magnet, '--encrypted')).code).toBe(0)
  expect(downloaded('data.bin').equals(DATA)).toBe(true)
  expect(downloaded('small.bin').equals(SMALL)).toBe(true)

  expect(await failure('magnet.js', magnets[0])).toMatch(/closed the connection before it sent the metadata\n$/)
  await server.match(/took 0 B: the peer sent a plaintext handshake, and encryption is required/)
  const unknown = magnets[0].replace(/btih:\w+/, `btih:${'aa'.repeat(20)}`)
  expect(await failure('magnet.js', unknown, '--encrypted')).toMatch(/closed the connection/)
  server.interrupt()
  expect(await server.exit).toBe(0)
})

test('extension.js', async () => {
  const { code, stdout, stderr } = await run('extension.js')
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout.split('\n').sort()).toEqual([
    '',
    'Alice hears: Bye!',
    'Alice hears: Fine, thank you. And you?',
    'Alice meets Bob',
    'Bob hears: Bye!',
    'Bob hears: Hello, Bob! How are you?',
    'Bob meets Alice'
  ])
})

test('holepunch.js', async () => {
  const { code, stdout, stderr } = await run('holepunch.js')
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout.split('\n').sort()).toEqual([
    '',
    'Alice cannot be introduced to a stranger: error 2',
    'Alice connects to Bob now, over uTP',
    'Bob connects to Alice now, over uTP',
    'Carol introduces Alice to Bob',
    'Carol introduces Alice to a stranger'
  ])
})

describe('probe.js', () => {
  /** @returns {Promise<object>} its table */
  async function probe (...args) {
    const { code, stdout, stderr } = await run('probe.js', ...args)
    expect([code, stderr]).toEqual([0, ''])
    return Object.fromEntries(stdout.trimEnd().split('\n').map(line => /^(\S+(?: \S+)*) {2,}(.*)$/.exec(line).slice(1)))
  }
  const MILLISECONDS = expect.stringMatching(/^yes, handshake in \d+\.\d ms$/)
  const LATENCIES = expect.stringMatching(/^(\d+\.\d ms(, )?){4} for 16\.0 KiB each, unchoked after \d+\.\d ms$/)

  test('our own seeder', async () => {
    const { peer, infoHash } = await seed()
    expect(await probe(peer, infoHash)).toEqual({
      Peer: peer,
      'Info hash': infoHash,
      Client: 'bittorrent-protocol-native 0.1.0.0 (-BN0100-)',
      Plaintext: MILLISECONDS,
      Encryption: 'yes, MSE with RC4',
      'Reserved bits': 'extension protocol (BEP 10), fast extension (BEP 6)',
      Extensions: 'ut_metadata (BEP 9) = 1',
      Metadata: expect.stringMatching(/^\d+ B$/),
      Pieces: 'all (have-all)',
      'First blocks': LATENCIES,
      'Takes requests': '256 at once'
    })
  })

  test('a peer that speaks no more than BEP 3', async () => {
    const infoHash = 'aa'.repeat(20)
    const pieceLength = 32768
    const peer = await seedRaw({ infoHash, data: randomBytes(10 * pieceLength), pieceLength, pieceCount: 10 })
    expect(await probe(peer, infoHash, '--timeout', '1')).toEqual({
      Peer: peer,
      'Info hash': infoHash,
      Client: `unknown (${'p'.repeat(20)})`,
      Plaintext: MILLISECONDS,
      Encryption: expect.stringMatching(/^no: /),
      'Reserved bits': 'none',
      Extensions: 'none',
      Pieces: '10, of up to 16 (bitfield)',
      'First blocks': LATENCIES
    })
  })

  test('one that only speaks encrypted', async () => {
    const server = start('encrypted-server.js', 'data.bin')
    const [, infoHash, peer] = await server.match(/btih:(\w+)&dn=data\.bin&x\.pe=(\S+)/)
    expect(await probe(peer, infoHash)).toMatchObject({
      Plaintext: 'no: it closed the connection',
      Encryption: 'yes, MSE with RC4',
      'Reserved bits': 'fast, extended',
      'First blocks': LATENCIES
    })
  })

  test('one that chokes, one that has another torrent, none', async () => {
    const infoHash = 'aa'.repeat(20)
    const peer = await seedRaw({ infoHash, choke: true, pieceCount: 1 })
    expect(await probe(peer, infoHash, '--timeout', '0.5')).toMatchObject({ 'First blocks': 'not asked for: it chokes us' })
    expect(await failure('probe.js', peer, 'bb'.repeat(20), '--timeout', '0.5'))
      .toMatch(/shakes no hands over b{40}; plaintext: it answers with another info hash, a{40}; encrypted: /)
    expect(await failure('probe.js', '127.0.0.1:1', infoHash)).toBe('cannot connect to 127.0.0.1:1: connection refused\n')
    expect(await failure('probe.js', peer, 'short')).toBe('an info hash has 40 hexadecimal digits, unlike short\n')
  })
})

describe('watch.js', () => {
  test('a peer', async () => {
    const { peer, infoHash } = await seed()
    const watcher = start('watch.js', peer, infoHash, '--encrypted', '--blocks', '2')
    await watcher.match(/<- {2}piece +1 0 +16397 B\n/)
    watcher.interrupt()
    expect(await watcher.exit).toBe(0)
    const lines = withoutTimes(watcher.stdout.trimEnd().split('\n'))
    expect(lines.filter(line => !/interested|have|unchoke/.test(line))).toEqual([
      '-- encryption: RC4',
      `-> handshake ${infoHash} dht,fast 68 B`,
      `<- handshake ${infoHash} fast,extended 68 B`,
      '-> extended handshake d1:mde4:reqqi2000ee 25 B',
      expect.stringMatching(/^<- extended handshake {"m":{"ut_metadata":1},"metadata_size":\d+,"reqq":256}$/),
      '-> request 0 0 16384 17 B',
      '-> request 1 0 16384 17 B',
      '<- piece 0 0 16397 B',
      '<- piece 1 0 16397 B',
      '-- closed'
    ])
  })

  test.each(['ours', 'upstream'])('every message of a wire of %s, both ways', async whose => {
    const Class = whose === 'ours' ? Wire : await loadUpstream()
    const wire = new Class()
    const peer = new Class()
    const lines = []
    const unwatch = watch(wire, { log: line => lines.push(line), name: 'a', color: false })
    const reached = (from, to) => new Promise(resolve => {
      to.once('port', resolve)
      from.port(1)
    })
    wire.pipe(peer).pipe(wire)
    wire.on('request', (piece, offset, length, respond) => {
      if (piece === 0) respond(null, Buffer.alloc(length))
      else respond(new Error('not there'))
    })

    wire.handshake('aa'.repeat(20), 'bb'.repeat(20), { fast: true })
    peer.handshake('aa'.repeat(20), 'cc'.repeat(20), { fast: true })
    await reached(peer, wire)
    await reached(wire, peer)
    lines.length = 0

    wire.choke() // it does so already
    wire.unchoke()
    wire.haveAll()
    wire.bitfield(Buffer.from([0xf0, 0x01]))
    wire.suggest(7)
    wire.allowedFast(8)
    wire.request(5, 0, 16384, () => {}) // the peer chokes
    await reached(wire, peer)
    peer.have(3)
    peer.unchoke()
    peer.request(0, 0, 1000, () => {})
    peer.request(1, 0, 1000, () => {})
    await reached(peer, wire)
    wire.request(5, 0, 16384, () => {})
    wire.cancel(5, 0, 16384)
    wire.keepAlive()
    await reached(wire, peer)
    unwatch()
    wire.have(1)

    // Upstream does not reject what is cancelled.
    const seen = lines.map(line => line.replace(/^a {2}/, '')).filter(line => !line.includes('<-  reject'))
    expect(withoutTimes(seen)).toEqual([
      '-> unchoke 5 B',
      '-> have-all 5 B',
      '-> bitfield 5 pieces 7 B',
      '-> suggest 7 9 B',
      '-> allowed-fast 8 9 B',
      '-> port 1 7 B',
      '<- have 3 9 B',
      '<- unchoke 5 B',
      '<- request 0 0 1000 17 B',
      '-> piece 0 0 1013 B',
      '<- request 1 0 1000 17 B',
      '-> reject 1 0 1000 17 B',
      '<- port 1 7 B',
      '-> request 5 0 16384 17 B',
      '-> cancel 5 0 16384 17 B',
      '-> keep-alive 4 B',
      '-> port 1 7 B'
    ])
    wire.destroy()
    peer.destroy()
  })

  function withoutTimes (lines) {
    return lines.map(line => line.replace(/^ *\d+\.\d{3} +/, '').replace(/ +/g, ' '))
  }
})

const PROGRAMS = fs.readdirSync(EXAMPLES).filter(name =>
  name.endsWith('.js') && fs.readFileSync(path.join(EXAMPLES, name), 'utf8').includes('\nprogram(module'))

test.each(PROGRAMS)('%s --help', async name => {
  const { code, stdout, stderr } = await run(name, '--help')
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain(`  node examples/${name}`)
})

describe('race.js', () => {
  const infoHash = 'ab'.repeat(20)
  const seeding = { infoHash, data: DATA, pieceLength: 262144, pieceCount: 6 }

  test('the first answer counts', async () => {
    const peers = await Promise.all([seedRaw(seeding), seedRaw(seeding), seedRaw({ ...seeding, choke: true })])
    const { code, stdout, stderr } = await run('race.js', infoHash, ...peers, '--pieces', '6', '--timeout', '2')
    expect([code, stderr]).toEqual([0, `${peers[2]} gives nothing: it keeps us waiting\n`])
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(6)
    lines.forEach((line, piece) => {
      expect(line).toMatch(new RegExp(`^piece ${piece}: 16384 bytes from (${peers[0]}|${peers[1]}) after [0-9.]+ ms, 1 taken back$`))
    })
  })

  test('what is wrong is said in a line', async () => {
    const choking = await seedRaw({ ...seeding, choke: true })
    expect(await failure('race.js', infoHash, '127.0.0.1:1', '--pieces', '0')).toBe('--pieces wants a number up to 999999, not 0\n')
    const { code, stdout, stderr } = await run('race.js', infoHash, '127.0.0.1:1', choking, '--timeout', '0.5')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr.split('\n').slice(0, 2)).toEqual([
      'cannot connect to 127.0.0.1:1: connection refused', `${choking} gives nothing: it keeps us waiting`
    ])
    expect(stderr).toContain('no peer is left')
  })

  test('the other requests are taken back', async () => {
    const peers = await Promise.all([1, 2, 3].map(() => ScriptedPeer.connect()))
    for (const peer of peers) peer.say(messages.unchoke())
    const first = fetchFirst(peers.map(({ wire }) => wire), 5, { length: 4 })
    for (const peer of peers) expect(await peer.heard()).toEqual(messages.request(5, 0, 4))
    peers[0].say(messages.choke())
    peers[2].say(messages.piece(5, 0, Buffer.from('abcd')))
    expect(await first).toEqual({ wire: peers[2].wire, block: Buffer.from('abcd') })
    expect(await Promise.all(peers.map(peer => peer.heard()))).toEqual([
      Buffer.alloc(0), messages.cancel(5, 0, 4), Buffer.alloc(0)
    ])
    for (const { wire } of peers) {
      expect(wire.requests).toEqual([])
      await closeWire(wire)
    }
  })
})

describe('hashes.js', () => {
  test('a file, proved', async () => {
    const { code, stdout, stderr } = await run('hashes.js', 'data.bin')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^data\.bin has the root [0-9a-f]{64}\nGot the hashes of 92 blocks by 1 requests, each proved: the right ones\.\n$/)
  })

  test('a liar, and no file', async () => {
    expect(await failure('hashes.js', 'data.bin', '--lie')).toBe('the peer lies about block 0 and those after it\n')
    expect(await failure('hashes.js', 'nothing')).toBe('cannot read nothing: no such file or folder\n')
  })

  test('files of any length, also of several answers', async () => {
    const { MerkleTree, hashBlocks } = require('bittorrent-protocol-native/merkle')
    for (const length of [1, 16384, 16385, 16384 * 512, 16384 * 513, 16384 * 1500 + 7]) {
      const reserved = messages.handshake('11'.repeat(20), '22'.repeat(20), { v2: true })
      const [asking, serving] = [new Wire(), new Wire()]
      asking.write(reserved)
      serving.write(reserved)
      asking.pipe(serving).pipe(asking)
      const hashes = hashBlocks(Buffer.alloc(length, length))
      const tree = new MerkleTree(hashes)
      serveHashes(serving, tree)
      expect((await fetchHashes(asking, { piecesRoot: tree.root, length })).equals(hashes)).toBe(true)
      for (const wire of [asking, serving]) await closeWire(wire)
    }
  })
})

describe('census.js', () => {
  test('a swarm, for a while', async () => {
    const { code, stdout, stderr } = await run('census.js', '--pairs', '2', '--rows', '3', '--seconds', '2')
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^type +peer +age +state +down +up +asked +asked of us +unsent +received +sent +messages$/)
    expect(lines.slice(1, 4).every(line => /^tcp(In|Out)[a-z]+ +-BN0100- +[0-9.]+ s +[-ciCI]{4} /.test(line))).toBe(true)
    expect(lines[4]).toMatch(/^4 wires, [0-9.]+ MB\/s down; the census took [0-9.]+ ms$/)
    expect(lines[5]).toBe('open 4, handshake 4, violation 0, close 0')
  })

  test('those of any process', async () => {
    const peer = await ScriptedPeer.connect({ type: 'webrtc' })
    expect(render()).toMatch(/\nwebrtc +-PE0000- .*\n1 wires, 0\.0 MB\/s down; /)
    await closeWire(peer.wire)
  })
})
