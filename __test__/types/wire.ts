// The members of a wire, as an application uses them. Each `@ts-expect-error` is an error that
// the typings must find.
import net from 'node:net'
import { Duplex } from 'node:stream'
import Wire from '../../index.js'
import * as merkle from '../../lib/hashes/merkle.js'

declare module '../../index.js' {
  interface Events {
    'an event of my own': [number: number]
  }
}

// The constructor
const wire = new Wire('tcpIncoming', 2, {
  maxMessageLength: 1 << 20, maxPieces: 1, maxPeerRequests: 1, reqq: 1, highWaterMark: 1
})
const infoHashes = new Set(['aa'.repeat(20)])
export const encrypted = [
  new Wire('tcpIncoming', 1, { infoHashes, requireEncryption: true, cryptoTimeout: 10_000 }),
  new Wire('tcpIncoming', 1, { infoHashes: hash => hash[0] === 0 ? null : hash }),
  new Wire('tcpIncoming', 1, { infoHashes: async hash => hash.toString('hex') }),
  new Wire('tcpOutgoing', 1, { initialPayload: false })
]
// @ts-expect-error an info hash is a text or bytes
export const wrongInfoHashes = new Wire('', 1, { infoHashes: [1] })
export const other = new Wire('another type')
// @ts-expect-error a type is a text
export const wrongType = new Wire(1)
// @ts-expect-error there are levels 0, 1 and 2
export const wrongLevel = new Wire('', 3)
// @ts-expect-error no such option
export const wrongOption = new Wire('', 0, { maxPiece: 1 })
// @ts-expect-error a number
export const wrongValue = new Wire('', 0, { maxPieces: '1' })

// A stream
const duplex: Duplex = wire
const socket = new net.Socket()
socket.pipe(wire).pipe(socket)
const piped: net.Socket = wire.pipe(socket)
const left: net.Socket = wire.pipe(socket, { end: false })
// @ts-expect-error only the end can be chosen
wire.pipe(socket, { error: false })
wire.unpipe(socket).unpipe().destroy()
wire._write(Buffer.alloc(1), () => {})
wire._write(new Uint8Array(1), 'buffer', error => error?.message)
wire.destroy().end()
wire.end(() => {})
wire.end(Buffer.alloc(1), () => {})

// State
const peerId: string | null = wire.peerId
const id: Buffer | undefined = wire.peerIdBuffer?.subarray(0, 8)
const states: boolean[] = [wire.amChoking, wire.amInterested, wire.peerChoking, wire.peerInterested, wire.hasFast]
wire.amInterested = true
wire.peerPieces.get(0)
wire.peerPieces.set(0)
wire.peerPieces.set(0, false)
if (wire.peerPieces.setAll) {
  wire.peerPieces.setAll([true])
  const length: number = wire.peerPieces.length
  wire.peerPieces.forEach((value, index) => [value === true, index * length])
}
// @ts-expect-error there is no setAll after have-all
wire.peerPieces.setAll([true])
wire.peerPieces = { buffer: new Uint8Array(1), get: () => false, set () {} }
// @ts-expect-error no bitfield
wire.peerPieces = new Uint8Array(1)
const { fast = false } = wire.peerExtensions
const speeds: number = wire.uploadSpeed() + wire.downloadSpeed(16384)
const received: number = wire.statistics.received.bytes + wire.unsolicited.pieces
const refused: number = wire.statistics.refusedRequests + wire.statistics.refusedExtended
// @ts-expect-error it is an option of the constructor
wire.highWaterMark = 1
// @ts-expect-error they are read only
wire.statistics = null
// @ts-expect-error likewise
Wire.nativeRC4 = false
for (const { piece, offset, length, callback } of wire.requests) {
  wire.cancel(piece, offset, length)
  callback(new Error('why'), null)
  callback(null, Buffer.alloc(length))
  // @ts-expect-error an error or a block
  callback(null, null)
}
for (const { callback } of wire.peerRequests) callback(new Error('no'))
// The lists are the caller's to edit and to replace.
wire.requests.push({ piece: 0, offset: 0, length: 16384, callback: (error, block) => [error?.message, block?.length] })
wire.requests = wire.requests.filter(({ piece }) => piece > 0)
wire.peerRequests.splice(0, 2)
wire.peerRequests = []
wire.allowedFastSet = [1, 2]
wire.peerAllowedFastSet.push(3)
// @ts-expect-error a request has a callback
wire.requests.push({ piece: 0, offset: 0, length: 16384 })
// @ts-expect-error a piece is named by its index
wire.allowedFastSet.push('1')
wire._callback(wire.requests[0] ?? null, new Error('why'), null)
wire.extendedHandshake.v = 'client 1.0'
wire.extendedHandshake = { p: 6881, yourip: Buffer.alloc(4), list: [1, 'a', { b: true }] }
wire.extendedHandshake.reqq = 500
wire.extendedHandshake.reqq = null
// @ts-expect-error a function has no bencode
wire.extendedHandshake.f = () => {}
const reqq = wire.peerExtendedHandshake.reqq
const reqqNumber: number = typeof reqq === 'number' ? reqq : 250
wire.extendedMapping = { 1: 'ut_test' }
const utTest: number | undefined = wire.peerExtendedMapping.ut_test
const method: 1 | 2 | null | undefined = wire._encryptionMethod
// A code that does not exist
// @ts-expect-error there is no such code
if (wire.closeReason?.code === 'ERR_BAD_LENGHT') wire.destroy()
const isDetached: boolean = wire.closeReason?.code === 'ERR_CHUNK_DETACHED'

// Messages
wire.handshake('aa'.repeat(20), Buffer.alloc(20))
wire.handshake(new Uint8Array(20), 'aa'.repeat(20), { dht: true, fast: true })
// @ts-expect-error two are needed
wire.handshake('aa'.repeat(20))
// @ts-expect-error no such extension
wire.handshake('aa'.repeat(20), 'bb'.repeat(20), { slow: true })
wire.startEncryption('aa'.repeat(20))
wire.setInfoHash('aa'.repeat(20))
wire.have(1)
// @ts-expect-error a number
wire.have('1')
wire.bitfield(new Uint8Array(1))
wire.bitfield(wire.peerPieces)
// @ts-expect-error no bytes
wire.bitfield('ff')
wire.request(0, 0, 16384)
wire.request(0, 0, 16384, error => { if (error !== null) throw error })
wire.request(0, 0, 16384, (error, block) => {
  if (error) return error.message
  // The error was looked at: there is a block.
  return block.length
})
wire.request(0, 0, 16384, (error, block) => {
  // @ts-expect-error there may be none
  return error === undefined || block.length
})
wire.piece(0, 0, new DataView(new ArrayBuffer(1)))
wire.piece(0, 0, new Uint8Array(new SharedArrayBuffer(1)))
// @ts-expect-error bytes are a view
wire.piece(0, 0, 'block')
wire.port(6881)
wire.extended('ut_test', { a: 1 })
wire.extended(3, new Uint8Array(1))
// @ts-expect-error a name or an id
wire.extended(null, {})
wire.setTimeout(1000, true)
wire.setTimeout(Infinity)
// @ts-expect-error milliseconds are a number
wire.setTimeout('1000')
wire.setKeepAlive(true)

// Promises, and what is seen from outside
const info: Wire.PeerInfo = wire.peerInfo
const window: number = wire.peerInfo.reqq ?? wire.requestWindow
const isUploading: boolean | undefined = info.uploadOnly
// @ts-expect-error it is read
wire.requestWindow = 5
export async function download (signal: AbortSignal): Promise<Buffer> {
  await wire.ready
  const block: Buffer = await wire.fetch(0, 0, 16384)
  // @ts-expect-error milliseconds are a number
  await wire.fetch(0, 0, 16384, { timeout: '1' })
  // @ts-expect-error a block has a length
  await wire.fetch(0, 0)
  await wire.fetch(0, 0, 16384, { signal, timeout: 1000 }).catch((error: Wire.WireError) => {
    if (error.code === 'ERR_CHOKED' || error.code === 'ERR_CANCELLED') throw error
  })
  return block
}
export async function serve (): Promise<void> {
  for await (const request of wire.peerRequestsStream()) {
    if (request.isOpen && request.piece < 5) request.respond(Buffer.alloc(request.length))
    else request.reject()
    // @ts-expect-error bytes are a view
    request.respond('block')
  }
}
const snapshots: Wire.Snapshot[] = Wire.census()
const seen = snapshots.map(({ type, age, received }) => [type.length, age, received.byMessage.have])
const happening: Wire.Diagnostics['bittorrent-protocol-native:close'] = { wire, reason: null, statistics: wire.statistics }
export const talkative = new Wire('', 0, { client: 'one 1.0', listenPort: 6881, peerAddress: '::1', uploadOnly: true })
// @ts-expect-error a port is a number
export const wrongPort = new Wire('', 0, { listenPort: '6881' })

// BEP 6
const allowedFast: number[] = wire.allowFastFor('127.0.0.1', { pieces: 100 })
wire.allowFastFor('::1', { pieces: 100, k: 5, pieceLength: 16384 })
// @ts-expect-error how many pieces there are is needed
wire.allowFastFor('127.0.0.1', { k: 5 })

// BEP 52
const range: Wire.HashRange = { piecesRoot: new Uint8Array(32), baseLayer: 0, index: 0, length: 2, proofLayers: 0 }
wire.handshake('aa'.repeat(20), 'bb'.repeat(20), { v2: true })
const hashes: Promise<Buffer> = wire.requestHashes(range)
wire.requestHashes(range, { signal: AbortSignal.timeout(1), timeout: 1000 }).catch((error: Wire.WireError) => error.code === 'ERR_V2_DISABLED')
// @ts-expect-error a range has a length
wire.requestHashes({ piecesRoot: new Uint8Array(32), baseLayer: 0, index: 0, proofLayers: 0 })
// @ts-expect-error milliseconds are a number
wire.requestHashes(range, { timeout: '1' })
wire.on('hash-request', ({ piecesRoot, index }, respond) => {
  respond(null, piecesRoot.subarray(index))
  respond(new Error('no'))
  // @ts-expect-error neither an error nor hashes
  respond(null)
})
const tree = new merkle.MerkleTree(merkle.hashBlocks(new Uint8Array(100)), 0)
const isProved: boolean = merkle.verify({ ...range, piecesRoot: tree.root }, merkle.padding(3))
const answer: Buffer | null = tree.hashes(range)
const root: Buffer = merkle.rootOf(tree.at(tree.baseLayer, tree.rootLayer), merkle.HASH_LENGTH)
// @ts-expect-error bytes are a view
merkle.hashBlocks('ab')

// Extensions
class UtTest implements Wire.Extension {
  declare readonly name: string

  constructor (private readonly wire: Wire) {}

  onHandshake (infoHash: string, peerId: string, { fast }: Wire.Extensions) {
    return [infoHash, peerId, fast, this.wire]
  }

  onMessage (message: Buffer) {
    return message.length
  }
}
wire.use(UtTest)
// @ts-expect-error it has no name
wire.use(class {})
// @ts-expect-error messages are bytes
wire.use(class { name = 'x'; onMessage (message: string) {} })

// Events
wire.on('handshake', (infoHash, peerId, { dht, fast, extended }) => [infoHash.length, peerId.length, dht && fast && extended])
wire.once('have', index => index.toFixed())
wire.on('bitfield', pieces => pieces.setAll([true]))
wire.on('request', (index, offset, length, respond) => {
  respond(null, Buffer.alloc(length))
  respond(new Error('no'))
  // @ts-expect-error neither an error nor a block
  respond(null)
})
wire.on('piece', (index, offset, block) => index + offset + block.readUInt8())
wire.on('extended', (extension, message) => [extension, message])
wire.on('violation', ({ code, message, cause }) => code === 'ERR_BAD_HANDSHAKE' && [message, cause])
wire.on('crypto-infohash', hash => wire.setInfoHash(hash))
wire.prependListener('download', bytes => bytes + 1)
wire.on('close', () => {}).off('close', () => {})
wire.on('data', chunk => chunk.length)
wire.on('an event of my own', number => number.toFixed())
wire.emit('an event of my own', 1)
wire.emit('timeout')
// @ts-expect-error there is no such event
wire.on('have_all', () => {})
// @ts-expect-error an index is a number
wire.on('have', (index: string) => index)
// @ts-expect-error it has no arguments
wire.on('choke', (index: number) => index)
// @ts-expect-error it needs its argument
wire.emit('upload')

export { duplex, piped, left, peerId, id, states, fast, speeds, received, refused, reqqNumber, utTest, method, isDetached, window, isUploading, seen, happening, allowedFast, hashes, isProved, answer, root }
