/// <reference types="node" />

import Wire = require('../index.js')
import adapter = require('./adapter.js')

/**
 * A drop-in for the npm package `peer-wire-protocol` 0.7 over the wire of this package: one side
 * of a connection to a BitTorrent peer, as a stream. May be called with `new` or without.
 *
 * The differences are listed in docs/relatives.md. What the peer may do is limited as on the main
 * wire; the limits can be given as options too.
 */
declare const peerWireProtocol: {
  /** Makes a wire. */
  new (options?: peerWireProtocol.Options | null): peerWireProtocol.PeerWire
  /** Makes a wire, too. */
  (options?: peerWireProtocol.Options | null): peerWireProtocol.PeerWire
  readonly prototype: peerWireProtocol.PeerWire
}

declare namespace peerWireProtocol {
  /** What it is called with. */
  interface Options extends adapter.Limits {
    /** The seconds over which `uploadSpeed` and `downloadSpeed` are taken; default 5. */
    speed?: number | undefined
  }

  /** What a handshake announces. */
  interface Extensions {
    /** BEP 5: a node of the DHT. */
    dht: boolean
    /** BEP 10: extended messages. */
    extended: boolean
  }

  /** One side of a connection. */
  interface PeerWire extends adapter.Adapter<Events> {
    /** Whether we choke the peer. Initially true. BEP 3 */
    amChoking: boolean
    /** Whether we want something of the peer. Initially false. BEP 3 */
    amInterested: boolean
    /** Whether the peer chokes us. Initially true. BEP 3 */
    peerChoking: boolean
    /** Whether the peer wants something of us. Initially false. BEP 3 */
    peerInterested: boolean
    /** Whether the peer has each piece, from its bitfield and have messages. BEP 3 */
    peerPieces: boolean[]
    /** What the peer's handshake announced; `{}` before it. */
    peerExtensions: Partial<Extensions>
    /** Where the peer is; for the application to set. */
    peerAddress: any

    /** How many bytes of blocks were sent. */
    uploaded: number
    /** How many bytes of blocks came that we had requested. */
    downloaded: number
    /** How fast blocks are sent, in bytes a second; `bytes` counts so many more first. */
    uploadSpeed: (bytes?: number) => number
    /** How fast requested blocks come, in bytes a second; `bytes` counts so many more first. */
    downloadSpeed: (bytes?: number) => number

    /** Our requests that are open, oldest first. */
    requests: Wire.Request[]
    /** The peer's requests that are open. */
    readonly peerRequests: Wire.PeerRequest[]

    /**
     * Sends the handshake. BEP 10 is always announced.
     * @param infoHash 40 hexadecimal digits, or 20 bytes
     * @param peerId 20 bytes, as text or as a Buffer
     * @throws {Error} `infoHash and peerId MUST have length 20`
     */
    handshake (infoHash: string | NodeJS.ArrayBufferView, peerId: string | NodeJS.ArrayBufferView, extensions?: { dht?: boolean } | null): void
    /** Chokes the peer, if we do not already; its open requests are dropped. BEP 3 */
    choke (): void
    /** Unchokes the peer, if we choke it. BEP 3 */
    unchoke (): void
    /** Says that we want something, if we have not already. BEP 3 */
    interested (): void
    /** Says that we want nothing any more, if we did. BEP 3 */
    uninterested (): void
    /** Says that we have a piece. BEP 3 */
    have (index: number): void
    /** Says which pieces we have: a bit a piece, or an object with these bytes as its `buffer`. BEP 3 */
    bitfield (bitfield: NodeJS.ArrayBufferView | { readonly buffer: NodeJS.ArrayBufferView }): void
    /**
     * Asks for a block. The callback gets it, or an Error whose message is `peer is choking`,
     * `wire is closed`, `request was cancelled` or `request has timed out`. BEP 3
     */
    request (index: number, offset: number, length: number, callback?: Wire.RequestCallback | null): void
    /** The same, for a callback that takes no block. BEP 3 */
    request (index: number, offset: number, length: number, callback: (error: Error | null) => void): void
    /** Sends a block; it is not copied. BEP 3 */
    piece (index: number, offset: number, block: NodeJS.ArrayBufferView): void
    /** Takes a request back: its callback gets `request was cancelled` at once. BEP 3 */
    cancel (index: number, offset: number, length: number): void
    /**
     * Sends an extended message. BEP 10
     * @param id the id that the peer gave to the extension; 0 is the handshake
     * @param message bytes are sent as they are; anything else is bencoded
     */
    extended (id: number, message: NodeJS.ArrayBufferView | Wire.BencodeInput): void
    /** Says on which UDP port our DHT node listens. BEP 5 */
    port (port: number): void
    /** Sends a keep-alive every 60 seconds, or stops that. BEP 3 */
    setKeepAlive (enable?: boolean): void
    /**
     * Fails the oldest request when it has been the oldest for longer than `ms`, and emits
     * `timeout`; then the next one has as long.
     * @param ms milliseconds; 0 for no limit, which is the default
     * @param callback listens to `timeout`
     */
    setTimeout (ms: number, callback?: () => void): void
  }

  /** What a wire emits, with the arguments of the listeners. */
  interface Events extends adapter.CommonEvents {
    /** The peer's handshake came; both are of 20 bytes. BEP 3 */
    handshake: [infoHash: Buffer, peerId: Buffer, extensions: Extensions]
    /** The peer chokes us; open requests fail next, oldest first. BEP 3 */
    choke: []
    /** The peer unchokes us. BEP 3 */
    unchoke: []
    /** The peer wants something of us. BEP 3 */
    interested: []
    /** The peer wants nothing of us any more. BEP 3 */
    uninterested: []
    /** The peer has a piece that it did not have before. BEP 3 */
    have: [index: number]
    /** The bits of the pieces that the peer has. BEP 3 */
    bitfield: [bits: Buffer]
    /** The peer asks for a block. BEP 3 */
    request: [index: number, offset: number, length: number, respond: Wire.Respond]
    /** A block came; the callback of its request was called before. BEP 3 */
    piece: [index: number, offset: number, block: Buffer]
    /** The peer takes a request back. BEP 3 */
    cancel: [index: number, offset: number, length: number]
    /** The UDP port of the peer's DHT node. BEP 5 */
    port: [port: number]
    /** An extended message; the handshake has the id 0. BEP 10 */
    extended: [id: number, message: Buffer]
    /** A keep-alive. BEP 3 */
    'keep-alive': []
    /** A message with an unknown id: the id, then its payload. */
    unknownmessage: [message: Buffer]
    /** A block of so many bytes came. */
    download: [bytes: number]
    /** A block of so many bytes was sent. */
    upload: [bytes: number]
    /** A request has timed out; its callback was called before. */
    timeout: []
  }
}

export = peerWireProtocol
