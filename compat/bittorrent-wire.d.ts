/// <reference types="node" />

import { Hash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import adapter = require('./adapter.js')

/**
 * A drop-in for the npm package `bittorrent-wire` 0.9 over the wire of this package: one side of a
 * connection to a BitTorrent peer, as a stream, with the exchange of metadata (BEP 9) and of
 * peers (BEP 11) built in.
 *
 * Where that package's README and its code contradict each other, the README counts. The
 * differences are listed in docs/relatives.md.
 */
declare class BitTorrentWire extends adapter.Adapter<BitTorrentWire.Events> {
  /**
   * Makes a wire for one torrent.
   * @param infoHash 40 hexadecimal digits, or 20 bytes; a peer with another one is hung up on
   * @param myID our peer id: 20 bytes, as text or as a Buffer
   */
  constructor (infoHash: string | NodeJS.ArrayBufferView, myID: string | NodeJS.ArrayBufferView, options?: BitTorrentWire.Options | null)

  /** What the constructor was given. */
  infoHash: string | NodeJS.ArrayBufferView
  /** What the constructor was given. */
  myID: string | NodeJS.ArrayBufferView
  /** The peer's id as text; `null` before its handshake. */
  peerID: string | null
  /** Whether the peer announced BEP 10. */
  peerHasExt: boolean
  /** Whether the peer announced BEP 5. */
  peerHasDHT: boolean
  /** False once the wire is closed. */
  isActive: boolean
  /** Whether we refuse the peer's requests. Initially true. */
  choked: boolean
  /** Set by `sendRequest` and `setBusy`. */
  busy: boolean
  /** For the application. */
  reqBusy: boolean
  /** The peer's requests, oldest first: each leaves when it is answered or cancelled. */
  inRequests: BitTorrentWire.Request[]
  /** Our ends of the extensions by our ids, and the peer's ids by name. */
  ext: BitTorrentWire.Extensions
  /** Whether metadata are exchanged: until `removeMeta`. */
  meta: boolean
  /** Whether our extended handshake was sent. */
  metaHandshook: boolean
  /** What `metadata_handshake` was given. */
  metaHandshake: BitTorrentWire.MetadataHandshake | null
  /** Bytes of blocks sent, a second over the last five; `bytes` counts so many more first. */
  uploadSpeed: (bytes?: number) => number
  /** Bytes received, a second over the last five; `bytes` counts so many more first. */
  downloadSpeed: (bytes?: number) => number

  /** Sends the handshake, and the extended one. BEP 3, BEP 10 */
  sendHandshake (): void
  /** Sends a keep-alive. BEP 3 */
  sendKeepActive (): void
  /** Says that we want something, and unchokes the peer. BEP 3 */
  sendInterested (): void
  /** Says that we want nothing any more; a peer with this API hangs up then. BEP 3 */
  sendNotInterested (): void
  /** Says that we have a piece. BEP 3 */
  sendHave (index: number): void
  /** Says which pieces we have: a bit a piece, as hexadecimal digits or as bytes. BEP 3 */
  sendBitfield (bitfield: string | NodeJS.ArrayBufferView): void
  /**
   * Asks for blocks, whether the peer chokes us or not. `finished_piece` tells of each piece when
   * all of these of it have come. BEP 3
   * @param payload request messages of 17 bytes each, as they go on the wire
   * @param count how many there are; it is taken from the payload
   * @throws {TypeError} if the payload is anything else
   */
  sendRequest (payload: NodeJS.ArrayBufferView, count?: number): void
  /**
   * Sends blocks. BEP 3
   * @param piece piece messages, as they go on the wire
   * @throws {TypeError} if it is anything else
   */
  sendPiece (piece: NodeJS.ArrayBufferView): void
  /** Takes a request back. BEP 3 */
  sendCancel (index: number, begin: number, length: number): void
  /** Says on which UDP port our DHT node listens. BEP 5 */
  sendPort (port: number): void

  /** Sends the extended handshake, once: what the options say, or else our ids. BEP 10 */
  sendMetaHandshake (): void
  /** Sends an extended handshake, if none was sent yet. BEP 10 */
  metaDataHandshake (message?: Partial<BitTorrentWire.MetadataHandshake>): void
  /** Asks a peer that announced `ut_metadata` for the metadata: see the event. BEP 9 */
  metaDataRequest (): void
  /** Both of the next two. */
  createExtensions (metadataSize?: number, torrentInfo?: object | null, address?: string): void
  /**
   * Has metadata to give away, or to ask for. BEP 9
   * @param metadataSize in bytes, for peers that do not say it
   * @param torrentInfo the info dictionary, if we have it
   */
  createUTmetadata (metadataSize?: number, torrentInfo?: object | null): void
  /**
   * Takes part in the exchange of peers. BEP 11
   * @param address our own, as `address:port`: then peers come sorted, the nearest first
   */
  createUTpex (address?: string): void
  /**
   * Tells a peer that announced `ut_pex` of others, each as `address:port`; of the last 50 of each
   * list, those of earlier calls included. BEP 11
   */
  sendPexPeers (
    addPeers?: readonly string[] | null, addPeers6?: readonly string[] | null,
    dropPeers?: readonly string[] | null, dropPeers6?: readonly string[] | null
  ): void
  /** Ends the exchange of metadata. */
  removeMeta (): void
  /** Ends the exchange of peers. */
  removePex (): void

  /** Whether we refuse the peer's requests: `choked`. */
  isChoked (): boolean
  /** Whether a request of ours is under way: `busy`. */
  isBusy (): boolean
  /** Sets `busy`. */
  setBusy (): void
  /** Clears `busy`. */
  unsetBusy (): void
  /** Closes the wire; the same as `destroy`. */
  closeConnection (): void
}

/** The types that go with the class. */
declare namespace BitTorrentWire {
  export { BitTorrentWire as default }

  /** What the constructor takes. */
  export interface Options extends adapter.Limits {
    /** What our extended handshake says; by default `m` alone. */
    metadata_handshake?: Partial<MetadataHandshake> | undefined
  }

  /** An extended handshake. BEP 10 */
  export interface MetadataHandshake {
    /** The IPv4 address of the sender: 4 bytes. */
    ipv4: Buffer
    /** The IPv6 address of the sender: 16 bytes. */
    ipv6: Buffer
    /** The ids that the peer is to use. */
    m: {
      /** Of peer exchange. BEP 11 */
      ut_pex?: number
      /** Of the exchange of metadata. BEP 9 */
      ut_metadata?: number
      /** Of any other. */
      [name: string]: number | undefined
    }
    /** The length of the info dictionary, in bytes. BEP 9 */
    metadata_size: number
    /** The TCP port that the sender listens on. */
    p: number
    /** How many requests it takes at once. */
    reqq: number
    /** The name and version of its client. */
    v: Buffer
    /** The address of the receiver, as the sender sees it. */
    yourip: Buffer
  }

  /** A block that the peer asks for. */
  export interface Request {
    /** The piece. */
    index: number
    /** Where the block begins in the piece, in bytes. */
    begin: number
    /** In bytes. */
    length: number
  }

  /** What `ext` holds. */
  export interface Extensions {
    /** Peer exchange, if it is on. */
    1?: EventEmitter
    /** The exchange of metadata, if it is on. */
    2?: EventEmitter
    /** The peer's id for it. */
    ut_pex?: number
    /** The peer's id for it. */
    ut_metadata?: number
  }

  /** What `metadata` gives. */
  export interface Torrent {
    /** The info dictionary; strings are Buffers. */
    info: Record<string, any>
    /** The same, in bencode. */
    infoBuffer: Buffer
    /** Of 40 hexadecimal digits. */
    infoHash: string
    /** The same, in 20 bytes. */
    infoHashBuffer: Buffer
    /** Of the file, or of the folder that the files are in. */
    name: string
    /** The files, in the order of their bytes. */
    files: Array<{
      /** In the folder of the torrent's name, its parts joined by `/`; of a single file, the name. */
      path: string
      /** Of a single file. */
      name?: string
      /** In bytes. */
      length: number
      /** Where it begins in the torrent, in bytes. */
      offset: number
    }>
    /** Of all files, in bytes. */
    length: number
    /** Of every piece but the last, in bytes. */
    pieceLength: number
    /** In bytes. */
    lastPieceLength: number
    /** The pieces' hashes, in hexadecimal. */
    pieces: string[]
    /** Whether peers may come from the trackers alone. BEP 27 */
    private: boolean
    /** Web seeds: the info dictionary has none. */
    urlList: string[]
    /** Not in the info dictionary. */
    announce: null
    /** Not in the info dictionary. */
    'creation date': null
    /** Not in the info dictionary. */
    'created by': null
  }

  /** What a wire emits, with the arguments of the listeners. */
  export interface Events extends adapter.CommonEvents {
    /** The peer's handshake came, for our torrent; both are of 20 bytes. BEP 3 */
    handshake: [infoHash: Buffer, peerID: Buffer]
    /** The peer wants something of us; it is unchoked. BEP 3 */
    interested: []
    /** The peer has a piece that it did not have before. BEP 3 */
    have: [index: number]
    /** The bits of the pieces that the peer has. BEP 3 */
    bitfield: [bits: Buffer]
    /** The peer asks for a block: the last of `inRequests`. BEP 3 */
    request: []
    /** All blocks of a piece have come that one `sendRequest` asked for; `hash` is a SHA-1 of them. */
    finished_piece: [index: number, piece: Buffer, hash: Hash]
    /** The peer takes a request back. BEP 3 */
    cancel: [index: number, begin: number, length: number]
    /** The UDP port of the peer's DHT node. BEP 5 */
    dht_port: [port: number]
    /** The metadata came, and have the right hash. BEP 9 */
    metadata: [torrent: Torrent]
    /** Peers that the peer has found, each as `address:port`. BEP 11 */
    pex_added: [peers: string[]]
    /** The same of IPv6, each as `[address]:port`. BEP 11 */
    pex_added6: [peers: string[]]
    /** Peers that the peer has lost. BEP 11 */
    pex_dropped: [peers: string[]]
    /** The same of IPv6. BEP 11 */
    pex_dropped6: [peers: string[]]
  }
}

export = BitTorrentWire
