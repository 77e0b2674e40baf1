'use strict'

/**
 * Attacks that are run in a process of their own: they may hang it, fill it or end it. Each is
 * given the class and resolves to what the test checks.
 */

const p = require('./peer')
const { importOutside } = require('../../helpers/wire')
const { REFUSED, SOUND } = require('./extension-payloads')
const { Peer, turn } = p

const BLOCK = Buffer.alloc(16384, 7)

/** How many wires suffer it together, after as many others. Few for a class that may not bear it. */
exports.wires = 64

//
// TIME
//

exports.negativeLengthInDictionary = Wire => ignoredHandshake(Wire, 'd-3:')
exports.negativeLengthInList = Wire => ignoredHandshake(Wire, 'l-3:')

function ignoredHandshake (Wire, payload) {
  const peer = new Peer(Wire)
  peer.hear(p.extended(0, Buffer.from(payload)))
  peer.hear(p.have(7))
  return { names: peer.names }
}

/** One payload of `REFUSED` for a published extension, then one of `SOUND`. */
exports.refusedPayload = async (Wire, extension, label) => {
  return refuse(Wire, extension, REFUSED[extension][label.replaceAll('_', ' ')])
}

/** All of `REFUSED` for a published extension, each on a wire of its own. */
exports.refusedPayloads = async (Wire, extension) => {
  const results = {}
  for (const [label, payload] of Object.entries(REFUSED[extension])) results[label] = await refuse(Wire, extension, payload)
  return { results }
}

async function refuse (Wire, extension, payload) {
  const { default: makeExtension } = await importOutside(extension)
  const peer = new Peer(Wire)
  peer.wire.use(makeExtension())
  // So that it can answer.
  peer.hear(p.extended(0, Buffer.from(`d1:md${extension.length}:${extension}i1eee`)))
  const handler = peer.wire[extension]
  const lengths = []
  const { onMessage } = handler
  handler.onMessage = function (bytes) {
    lengths.push(bytes.length)
    return onMessage.call(this, bytes)
  }
  const [sound] = Object.values(SOUND[extension])
  peer.hear(p.extended(1, payload), p.have(7))
  peer.hear(p.extended(1, sound))
  await turn()
  return {
    names: peer.names.slice(1),
    got: lengths.map(length => length === sound.length ? 'sound' : length),
    refused: peer.wire.statistics?.refusedExtended,
    reason: peer.wire.closeReason?.code
  }
}

exports.largeMessageInSmallChunks = Wire => {
  const peer = new Peer(Wire)
  const message = p.message(0x63, Buffer.alloc((1 << 20) - 1))
  for (let at = 0; at < message.length; at += 16) {
    const chunk = Buffer.alloc(16)
    message.copy(chunk, 0, at, at + 16)
    peer.hear(chunk.subarray(0, Math.min(16, message.length - at)))
  }
  return { lengths: peer.all('unknownmessage').map(([bytes]) => bytes.length) }
}

exports.slowRequests = async Wire => {
  const peer = new Peer(Wire, { isReading: false })
  peer.wire.unchoke()
  const flood = []
  for (let i = 0; i < 100_000; i++) flood.push(p.request(i, 0, 16384))
  for (const chunk of chunksOf(Buffer.concat(flood), 65536)) peer.hear(chunk)
  await turn()
  const { length: open } = peer.wire.peerRequests
  return { open, events: peer.all('request').length, refused: peer.wire.statistics?.refusedRequests }
}

exports.smallMessagesBehindRequests = async Wire => {
  const peer = new Peer(Wire, { isReading: false })
  peer.wire.unchoke()
  // So small that many are open, and others wait.
  for (let i = 0; i < 10_000; i++) peer.hear(p.request(i, 0, 1))
  let keepAlives = 0
  peer.wire.on('keep-alive', () => keepAlives++)
  for (let i = 0; i < 300_000; i++) peer.hear(p.keepAlive())
  await turn()
  return { open: peer.wire.peerRequests.length, keepAlives }
}

exports.cancelledRequests = async Wire => {
  const COUNT = 400_000
  const peer = new Peer(Wire, { options: { maxPeerRequests: 1_000_000 } })
  peer.wire.unchoke()
  peer.wire.on('request', () => {})
  const say = async (message, at) => {
    const chunk = []
    for (let i = 0; i < 4000; i++) chunk.push(message(at(i), 0, 16384))
    peer.hear(...chunk)
    await turn()
  }
  for (let first = 0; first < COUNT; first += 4000) await say(p.request, i => first + i)
  for (let last = COUNT - 1; last >= 0; last -= 4000) await say(p.cancel, i => last - i)
  return { cancelled: peer.all('cancel').length, events: peer.all('request').length }
}

exports.tinyExtendedHandshakes = Wire => {
  const peer = new Peer(Wire)
  peer.hear(p.extended(0, p.bencode({ m: names(0, 256) })))
  peer.events.length = 0
  const tiny = p.extended(0, Buffer.from('d1:md4:n000i7eee'))
  for (let i = 0; i < 1000; i++) peer.hear(Buffer.concat(Array(100).fill(tiny)))
  return { events: peer.all('extended').length, id: peer.wire.peerExtendedMapping.n000 }
}

exports.keepAliveAfterClose = async Wire => {
  const { wire } = new Peer(Wire)
  wire.destroy()
  await turn()
  wire.setKeepAlive(true)
  // The process ends by itself, unless an interval keeps it.
  return {}
}

//
// MEMORY
//

exports.idle = Wire => costOf(Wire, {}, () => {})

exports.trickledExtended = Wire => trickle(Wire, p.message(0x14, Buffer.from([1]), Buffer.alloc((1 << 20) - 2)))
exports.trickledPiece = Wire => trickle(Wire, p.message(0x07, Buffer.alloc((1 << 20) - 1)))
exports.trickledUnknown = Wire => trickle(Wire, p.message(0x63, Buffer.alloc((1 << 20) - 1)))
exports.trickledBitfield = Wire => trickle(Wire, p.message(0x05, Buffer.alloc(1 << 18)))

/** All of a message but its last byte. */
function trickle (Wire, message) {
  return costOf(Wire, {}, peer => {
    for (const chunk of chunksOf(message.subarray(0, -1), 1460)) peer.hear(chunk)
  })
}

exports.endlessMessage = Wire => costOf(Wire, {}, peer => {
  peer.hear(Buffer.from('7fffffff', 'hex'))
  for (let i = 0; i < 4000; i++) peer.hear(Buffer.alloc(1460))
})

exports.requestsAnsweredAtOnce = Wire => costOf(Wire, { isReading: false }, peer => {
  peer.wire.unchoke()
  peer.wire.on('request', (i, offset, length, respond) => respond(null, Buffer.from(BLOCK)))
  floodWithRequests(peer, 6000)
})

exports.requestsAnsweredLate = Wire => costOf(Wire, { isReading: false }, async peer => {
  peer.wire.unchoke()
  peer.wire.on('request', (i, offset, length, respond) => {
    setImmediate(() => respond(null, Buffer.from(BLOCK)))
  })
  floodWithRequests(peer, 6000)
  await turn()
})

exports.rejectedRequests = Wire => costOf(Wire, { fast: true, isReading: false }, async peer => {
  for (let i = 0; i < 20 && !peer.wire.destroyed; i++) {
    floodWithRequests(peer, 6000)
    await turn()
  }
})

exports.unansweredRequests = Wire => costOf(Wire, { isReading: false }, peer => {
  peer.wire.unchoke()
  peer.wire.on('request', () => {})
  floodWithRequests(peer, 20_000)
})

exports.manyUnansweredRequests = Wire => costOf(Wire, { isReading: false }, peer => {
  peer.wire.unchoke()
  peer.wire.on('request', () => {})
  floodWithRequests(peer, 60_000)
})

exports.freshNames = Wire => {
  const handshakes = Array.from({ length: 400 }, (_, i) => p.extended(0, p.bencode({ m: names(i * 100, 100) })))
  return costOf(Wire, {}, peer => {
    for (const handshake of handshakes) peer.hear(handshake)
  })
}

let longName = 0

exports.longNames = Wire => costOf(Wire, {}, peer => {
  for (let i = 0; i < 4; i++) {
    // Others than any other wire's, or the engine of JavaScript would share them.
    peer.hear(p.extended(0, p.bencode({ m: { [String(longName++).padStart(500_000, 'n')]: 1 } })))
  }
  peer.hear(p.extended(0, Buffer.from('de')))
})

exports.pingPong = Wire => costOf(Wire, { isReading: false }, async peer => {
  // An extension that answers each message with a block, as ut_metadata does.
  class Extension { onMessage () { peer.wire.extended('ut_test', BLOCK) } }
  Extension.prototype.name = 'ut_test'
  peer.wire.use(Extension)
  peer.hear(p.extended(0, p.bencode({ m: { ut_test: 3 } })))
  const flood = Buffer.concat(Array(500).fill(p.extended(1, Buffer.alloc(4))))
  // As a socket's pipe does: the next chunk once the last one was taken.
  let isFree = true
  for (let i = 0; i < 20 && isFree; i++) {
    isFree = false
    peer.wire._write(Buffer.from(flood), () => { isFree = true })
    await turn()
  }
})

exports.unansweredHashRequests = Wire => {
  const flood = Buffer.concat(Array.from({ length: 3000 }, (_, i) => p.hashRequest({ index: 512 * i, length: 512 })))
  return costOf(Wire, { isReading: false, v2: true }, peer => {
    peer.wire.on('hash-request', () => {})
    for (const chunk of chunksOf(flood, 65536)) peer.hear(chunk)
  })
}

exports.talkativeHandshakes = Wire => {
  const handshakes = Array.from({ length: 200 }, (_, i) => p.extended(0, p.bencode({
    v: String(i).padStart(255, 'v'), p: 1 + i % 65535, ipv6: Buffer.alloc(16, i), reqq: i, metadata_size: i, [`k${i}`]: 'x'.repeat(1000)
  })))
  return costOf(Wire, {}, peer => {
    for (const handshake of handshakes) peer.hear(handshake)
  })
}

function names (first, count) {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => ['n' + String(first + i).padStart(3, '0'), 1 + i % 255]))
}

const floods = new Map()

function floodWithRequests (peer, count) {
  if (!floods.has(count)) {
    floods.set(count, Buffer.concat(Array.from({ length: count }, (_, i) => p.request(i, 0, 16384))))
  }
  for (const chunk of chunksOf(floods.get(count), 65536)) peer.hear(chunk)
}

/** Each in memory of its own, as from a socket. */
function * chunksOf (bytes, length) {
  for (let at = 0; at < bytes.length; at += length) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(length, bytes.length - at))
    bytes.copy(chunk, 0, at)
    yield chunk
  }
}

/**
 * What an attack costs the process: bytes a wire above the same wires, idle.
 * @returns {Promise<{ rss: number, js: number }>} of the process, and of its JavaScript alone
 */
async function costOf (Wire, setup, attack) {
  const make = () => {
    const peer = new Peer(Wire, setup)
    // A list of all events would hold what the wire has let go.
    delete peer.wire.emit
    return peer
  }
  const suffer = async peers => {
    for (const peer of peers) await attack(peer)
    return peers
  }
  // The first ones pay for what the process needs once: code, and the heap's room for garbage.
  const count = exports.wires
  const warm = await suffer(Array.from({ length: count }, make))
  const peers = Array.from({ length: count }, make)
  const before = await usage()
  await suffer(peers)
  const after = await usage()
  const each = name => Math.round((after[name] - before[name]) / count)
  const closed = [...warm, ...peers].filter(peer => peer.wire.closeReason).length
  return { rss: each('rss'), js: each('js'), closed: closed / (2 * count) }
}

async function usage () {
  for (let i = 0; i < 3; i++) {
    await turn()
    global.gc()
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, js: heapUsed + external }
}

exports.tenThousandWires = async Wire => {
  const open = async count => {
    for (let i = 0; i < count; i++) {
      const peer = new Peer(Wire)
      delete peer.wire.emit
      peer.hear(p.unchoke(), p.bitfield(Buffer.alloc(100, 255)))
      peer.wire.request(1, 0, 16384, () => {})
      peer.wire.destroy()
      if (i % 100 === 0) await turn()
    }
    await turn()
    return usage()
  }
  // The heap and the allocator find their size in the first rounds.
  for (let round = 0; round < 3; round++) await open(10_000)
  const before = await open(10_000)
  const after = await open(10_000)
  const wires = require('../../../lib/native/index.js').countWires()
  return { before: before.rss, after: after.rss, wires }
}
