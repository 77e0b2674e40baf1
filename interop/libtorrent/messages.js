'use strict'

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')

const ltDonthave = require('../../extensions/lt_donthave')
const utHolepunch = require('../../extensions/ut_holepunch')
const utMetadata = require('../../extensions/ut_metadata')
const utPex = require('../../extensions/ut_pex')
const { freePort } = require('../workspace')
const { Client, ENCRYPTION } = require('./client')
const { Peer, extendedHandshakeOf } = require('./peer')
const { magnetOf, readTorrent } = require('./torrent')
const { Server, downloadFile, fetchLayer } = require('./v2')

const SIZE = (5 << 20) + 12_345
const PIECE_LENGTH = 64 << 10

/** How many pieces libtorrent allows fast. */
const ALLOWED_FAST = 5

/** What else we say to each other, of BitTorrent v1 and v2. @type {import('../cases').Case[]} */
const cases = [
  scenario('libtorrent tells us of itself in the extended handshake, and hears of us', extendedHandshakes),
  ...['v1', 'v2', 'hybrid'].flatMap(version => [
    scenario(`libtorrent sends us the metadata of a ${version} magnet link`, workspace => metadataFromIt(workspace, version)),
    scenario(`libtorrent gets the metadata and the file of a ${version} magnet link from us`, workspace => metadataFromUs(workspace, version))
  ]),
  scenario('libtorrent tells us of another peer by ut_pex', peersFromIt),
  scenario('libtorrent finds its only seeder by our ut_pex', peersFromUs),
  scenario('libtorrent tells us by lt_donthave of a piece that it cannot read', donthaveFromIt),
  scenario('libtorrent hears by lt_donthave of a piece that we lost', donthaveFromUs),
  scenario('two libtorrents find each other by our ut_holepunch, though one takes no connections', holepunch),
  scenario('libtorrent says by ut_holepunch why it introduces nobody', holepunchErrors),
  scenario('libtorrent allows us the canonical set of pieces fast', allowedFast),
  ...['v2', 'hybrid'].map(version =>
    scenario(`libtorrent sends us the hash tree and the file of a ${version} torrent`, workspace => hashes(workspace, version)))
]

/**
 * A case that is about messages: `run` gives, in words, what was seen, and throws where it is not what
 * it should be.
 *
 * @param {string} name
 * @param {(workspace: import('../workspace').Workspace) => Promise<{ seen: string, hash?: string, peers?: Peer[] }>} run
 */
function scenario (name, run) {
  return {
    name,
    command: 'libtorrent',
    size: SIZE,
    async run (workspace) {
      const { seen, hash = workspace.hash, peers = [] } = await run(workspace)
      return { hash, method: seen, expected: seen, complaints: peers.flatMap(({ complaints }) => complaints) }
    }
  }
}

/** A libtorrent that seeds the file. */
async function startSeeder (workspace, version = 'v1', settings = {}) {
  const client = await Client.start(workspace, { ...ENCRYPTION.none, ...settings })
  const bytes = await client.make(workspace.file, version, PIECE_LENGTH)
  await client.seed(workspace.shared, bytes)
  return { client, bytes, torrent: readTorrent(bytes) }
}

async function extendedHandshakes (workspace) {
  const { client, torrent } = await startSeeder(workspace)
  const peer = new Peer(workspace, {
    infoHash: torrent.infoHash,
    extensions: [utMetadata(), utPex(), ltDonthave(), utHolepunch()],
    extendedHandshake: { v: 'interop 1.0', p: 4242 }
  })
  const { peerExtensions, peerExtendedHandshake: said } = await peer.connect(client.port)
  assert.deepEqual(peerExtensions, { dht: true, fast: true, extended: true })
  assert.match(said.v.toString(), /^libtorrent\/2\.1\./)
  assert.deepEqual([...said.yourip], [127, 0, 0, 1])
  assert.equal(said.metadata_size, torrent.info.length)
  assert.ok(said.reqq > 0)
  for (const name of ['ut_metadata', 'ut_pex', 'lt_donthave', 'ut_holepunch']) assert.ok(said.m[name] > 0, name)
  const { peers: [us] } = await client.until('our extended handshake', ({ peers }) => peers[0]?.client === 'interop 1.0')
  assert.equal(us.speaks_extended, true)
  return { seen: `${said.v}, reqq ${said.reqq}`, peers: [peer] }
}

async function metadataFromIt (workspace, version) {
  const { client, torrent } = await startSeeder(workspace, version)
  const peer = new Peer(workspace, { infoHash: torrent.infoHash, v2: torrent.hasV2, extensions: [utMetadata()], onWire: wire => wire.ut_metadata.fetch() })
  const isFetched = new Promise((resolve, reject) => {
    const { onWire } = peer
    peer.onWire = wire => {
      wire.ut_metadata.on('metadata', resolve).on('warning', reject)
      onWire(wire)
    }
  })
  await peer.connect(client.port)
  const { info } = readTorrent(Buffer.from(await isFetched))
  assert.ok(info.equals(torrent.info))
  return { seen: `ut_metadata, ${info.length} bytes`, peers: [peer] }
}

async function metadataFromUs (workspace, version) {
  const client = await Client.start(workspace, ENCRYPTION.none)
  const bytes = await client.make(workspace.file, version, PIECE_LENGTH)
  const torrent = readTorrent(bytes)
  const server = new Server(workspace.file, torrent)
  const peer = new Peer(workspace, {
    infoHash: torrent.infoHash, v2: torrent.hasV2, extensions: [utMetadata(bytes)], onWire: wire => server.serve(wire)
  })
  const port = await peer.listen()
  const folder = workspace.subfolder('into')
  await client.download(folder, magnetOf(torrent))
  await client.connect(port)
  await client.until('it to have the metadata', status => status.has_metadata)
  await client.finished()
  // A hybrid torrent it takes with the hashes of v1.
  if (version === 'v2') assert.ok(server.asked.length > 0, 'it asked for no hashes')
  assert.deepEqual(server.asked.filter(range => range.includes('rejected')), [])
  return { seen: ['ut_metadata', ...new Set(server.asked)].join(', '), hash: workspace.hashOf(folder), peers: [peer] }
}

async function peersFromIt (workspace) {
  const { client, torrent } = await startSeeder(workspace)
  const known = new Peer(workspace, { infoHash: torrent.infoHash, extensions: [utHolepunch()], extendedHandshake: { p: 4242 } })
  await known.connect(client.port)
  const told = []
  let isTold
  const telling = new Promise(resolve => { isTold = resolve })
  const peer = new Peer(workspace, {
    infoHash: torrent.infoHash,
    extensions: [utPex()],
    onWire: wire => wire.ut_pex.on('peer', (address, flags) => isTold(told.push([address, flags])))
  })
  await peer.connect(client.port)
  await telling
  assert.deepEqual(told, [['127.0.0.1:4242', {
    prefersEncryption: false, isSender: false, supportsUtp: false, supportsUtHolepunch: true, isReachable: false
  }]])
  return { seen: 'ut_pex', peers: [known, peer] }
}

async function peersFromUs (workspace) {
  const { client: seeder, bytes, torrent } = await startSeeder(workspace)
  const client = await Client.start(workspace, ENCRYPTION.none)
  const peer = new Peer(workspace, {
    infoHash: torrent.infoHash,
    extensions: [utPex()],
    onWire: wire => extendedHandshakeOf(wire).then(() => {
      wire.ut_pex.addPeer(`127.0.0.1:${seeder.port}`, { isSender: true })
      wire.ut_pex._sendMessage() // what its timer of 65 seconds does
    })
  })
  const folder = workspace.subfolder('into')
  await client.download(folder, bytes)
  await client.connect(await peer.listen())
  await client.finished()
  return { seen: 'ut_pex', hash: workspace.hashOf(folder), peers: [peer] }
}

async function donthaveFromIt (workspace) {
  const { client, torrent } = await startSeeder(workspace)
  const peer = new Peer(workspace, { infoHash: torrent.infoHash, extensions: [ltDonthave()] })
  const wire = await peer.connect(client.port)
  wire.interested()
  await once(wire, 'unchoke')
  const last = torrent.pieceCount - 1
  fs.truncateSync(workspace.file, PIECE_LENGTH)
  const told = once(wire.lt_donthave, 'donthave')
  const failed = new Promise(resolve => wire.request(last, 0, 1024, resolve))
  assert.deepEqual(await told, [last])
  assert.equal((await failed).message, 'peer sent donthave')
  return { seen: 'lt_donthave', peers: [peer] }
}

async function donthaveFromUs (workspace) {
  const client = await Client.start(workspace, ENCRYPTION.none)
  const bytes = await client.make(workspace.file, 'v1', PIECE_LENGTH)
  const torrent = readTorrent(bytes)
  const peer = new Peer(workspace, {
    infoHash: torrent.infoHash,
    extensions: [ltDonthave()],
    onWire: wire => wire.on('handshake', () => queueMicrotask(() => wire.haveAll())) // and it is choked
  })
  await client.download(workspace.subfolder('into'), bytes)
  const wire = await peer.connect(client.port)
  const has = piece => ({ peers }) => peers[0]?.pieces[piece] === '1'
  await client.until('it to know our pieces', has(7))
  wire.lt_donthave.donthave(7)
  const { peers: [us] } = await client.until('it to know that one is gone', ({ peers }) => peers[0]?.pieces[7] === '0')
  assert.equal(us.pieces.replaceAll('0', '').length, torrent.pieceCount - 1)
  return { seen: 'lt_donthave', peers: [peer] }
}

/**
 * A knows of B by our ut_pex alone, at an address where nobody takes connections, as behind a NAT: A
 * fails to connect, and asks us, who told it of B, for a rendezvous. B connects to A then, over uTP.
 */
async function holepunch (workspace) {
  const a = await Client.start(workspace, { ...ENCRYPTION.none, enable_incoming_utp: true })
  const bytes = await a.make(workspace.file, 'v1', PIECE_LENGTH)
  const { infoHash } = readTorrent(bytes)
  const b = await Client.start(workspace, {
    ...ENCRYPTION.none, enable_outgoing_utp: true, utp_connect_timeout: 500, utp_syn_resends: 1
  })
  await b.seed(workspace.shared, bytes)
  const folder = workspace.subfolder('into')
  await a.download(folder, bytes)

  const relay = new utHolepunch.Relay()
  const received = []
  /** A wire of the relay, with the peer in its place. */
  const relaying = address => new Peer(workspace, {
    infoHash,
    extensions: [utPex(), utHolepunch()],
    onWire: wire => {
      relay.add(wire, address)
      wire.on('extended', (name, message) => {
        if (name === 'ut_holepunch') received.push([address, message.toString('hex')])
      })
    }
  })
  const addressOfA = `127.0.0.1:${a.port}`
  const behindNat = await freePort()
  const addressOfB = `127.0.0.1:${behindNat}`
  const [toA, toB] = [relaying(addressOfA), relaying(addressOfB)]
  await b.connect(await toB.listen())
  await b.until('it to be with us', ({ peers }) => peers.some(peer => peer.speaks_extended && !peer.is_handshaking))
  const wire = await toA.connect(a.port)
  wire.ut_pex.addPeer(addressOfB, { isSender: true, supportsUtHolepunch: true })
  wire.ut_pex._sendMessage()

  // Only B has the file, and knows of A by our `connect` alone. It hangs up when all is there.
  await a.finished()
  // What libtorrent sends, to the byte: a rendezvous without an error code.
  const port = behindNat.toString(16).padStart(4, '0')
  assert.deepEqual(received[0], [addressOfA, `00007f000001${port}`])
  return { seen: 'rendezvous, connect, uTP', hash: workspace.hashOf(folder), peers: [toA, toB] }
}

async function holepunchErrors (workspace) {
  const { client, torrent } = await startSeeder(workspace)
  const { ERRORS } = utHolepunch
  const setup = { infoHash: torrent.infoHash }
  const speaking = new Peer(workspace, { ...setup, extensions: [utHolepunch()] })
  const wire = await speaking.connect(client.port)
  const silent = new Peer(workspace, setup)
  await silent.connect(client.port)
  const { peers } = await client.until('both of us', ({ peers }) => peers.length === 2 && peers.every(peer => !peer.is_handshaking))
  const portOf = name => [...name.sockets][0].localPort
  assert.deepEqual(peers.map(({ port }) => port).sort(), [portOf(speaking), portOf(silent)].sort())

  const messages = []
  wire.on('extended', (name, message) => {
    if (name === 'ut_holepunch') messages.push(message.toString('hex'))
  })
  const ask = async target => {
    const failed = once(wire.ut_holepunch, 'failed')
    wire.ut_holepunch.rendezvous(target)
    return failed
  }
  for (const [port, code] of [[9, ERRORS.NOT_CONNECTED], [portOf(silent), ERRORS.NO_SUPPORT], [portOf(speaking), ERRORS.NO_SELF]]) {
    const target = `127.0.0.1:${port}`
    assert.deepEqual(await ask(target), [target, code])
    assert.equal(messages.at(-1), `02007f000001${port.toString(16).padStart(4, '0')}0000000${code}`)
  }
  return { seen: 'NotConnected, NoSupport, NoSelf', peers: [speaking, silent] }
}

async function allowedFast (workspace) {
  const sets = []
  for (const version of ['v1', 'v2']) {
    const { client, torrent } = await startSeeder(workspace, version)
    const allowed = []
    let isWhole
    const whole = new Promise(resolve => { isWhole = resolve })
    const peer = new Peer(workspace, {
      infoHash: torrent.infoHash,
      v2: torrent.hasV2,
      onWire: wire => wire.on('allowed-fast', piece => { if (allowed.push(piece) === ALLOWED_FAST) isWhole() })
    })
    const wire = await peer.connect(client.port)
    wire.interested()
    await whole
    assert.deepEqual(allowed, canonicalSet([127, 0, 0, 1], torrent))
    sets.push(`${version}: ${allowed.join(' ')}`)
  }
  return { seen: sets.join(', ') }
}

/** The pieces that are allowed fast (BEP 6), of all bytes of the address: libtorrent masks none. */
function canonicalSet (address, { infoHash, pieceCount }) {
  const set = new Set()
  for (let hash = Buffer.concat([Buffer.from(address), Buffer.from(infoHash, 'hex')]); set.size < ALLOWED_FAST;) {
    hash = createHash('sha1').update(hash).digest()
    for (let at = 0; at < hash.length && set.size < ALLOWED_FAST; at += 4) set.add(hash.readUInt32BE(at) % pieceCount)
  }
  return [...set]
}

async function hashes (workspace, version) {
  const { client, torrent } = await startSeeder(workspace, version)
  const answered = []
  const peer = new Peer(workspace, {
    infoHash: torrent.infoHash, v2: true, onWire: wire => wire.on('handshake', infoHash => answered.push(infoHash))
  })
  const wire = await peer.connect(client.port)
  // BEP 52: to the v1 info hash of a hybrid torrent, with the bit that says v2, it answers with the v2 one.
  const v2Hash = createHash('sha256').update(torrent.info).digest().toString('hex', 0, 20)
  assert.deepEqual(answered, [v2Hash])
  const blockLayer = await fetchLayer(wire, torrent, 0)
  const pieceLayer = await fetchLayer(wire, torrent, Math.log2(PIECE_LENGTH / 16384))
  const hash = await downloadFile(wire, torrent, blockLayer, pieceLayer)
  return { seen: `hashes of ${blockLayer.length} blocks and ${pieceLayer.length} pieces`, hash, peers: [peer] }
}

module.exports = { cases }
