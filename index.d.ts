/// <reference types="node" />

import { Duplex } from 'node:stream'

/**
 * One side of a connection to a BitTorrent peer, as a Node.js stream: write to it what the peer
 * sent, read from it what the peer is to get. Usually `socket.pipe(wire).pipe(socket)`.
 *
 * Its members are those of `bittorrent-protocol` 5.x, and a few more. Messages are those of BEP 3
 * (the peer wire), BEP 5 (`port`), BEP 6 (the fast extension), BEP 10 (extended messages) and BEP 52
 * (hashes of BitTorrent v2).
 *
 * - Whatever a method sends leaves the wire in a microtask: right after the code that runs now and
 *   never inside the call, as few chunks, in order.
 * - After the wire is closed, sending methods do nothing.
 * - Piece indices, offsets and lengths are whole numbers from 0 to 4,294,967,295; offsets and
 *   lengths are in bytes. Any other number throws a RangeError with code `ERR_OUT_OF_RANGE`, and
 *   what is no number a TypeError with code `ERR_INVALID_ARG_TYPE`; nothing is sent then.
 * - Bytes are taken from any `ArrayBufferView`, and are never modified. Those of a SharedArrayBuffer
 *   are copied at once, since another thread may write to them. What is no view, or a view of a
 *   detached ArrayBuffer, throws a TypeError; nothing is sent then. A block that is given to `piece` or
 *   answers a request leaves from its own memory, encrypted or not, as what is written to a stream
 *   does: change it when it has left. All other bytes are sent as they are at the call.
 * - The payloads that events and callbacks give are plain views of the chunk that they came in: to
 *   keep one keeps that chunk, and those of one chunk share its memory. Who transfers that memory
 *   away (`postMessage`, `structuredClone`) takes the rest of the chunk with it; where that is not
 *   yet read, the wire closes with `ERR_CHUNK_DETACHED`. To hand one on, copy it.
 * - A peer that breaks the protocol has the wire closed: see the event `violation`.
 * - An exception of a listener or callback surfaces as any EventEmitter's does, and the wire goes
 *   on with the next message.
 */
declare class Wire extends Duplex {
  /** Whether RC4 runs natively. Always true here; upstream's is false where OpenSSL lacks RC4. */
  static readonly nativeRC4: boolean

  /**
   * How many wires of this process have ended with a violation, by its code: a wire ends with its
   * first. A copy of the counts as they are now.
   */
  static readonly violations: Partial<Record<Wire.ErrorCode, number>>

  /**
   * What each wire of this process (or worker) has come to that is not closed, in no order. A snapshot:
   * it does not change. It keeps no wire alive: it is made from the table of open handles, which leads
   * to none. A thousand wires take well below a millisecond; the counters of each are worked out when
   * they are read.
   */
  static census (): Wire.Snapshot[]

  /**
   * @param type how the peer is connected, see {@link Wire.Type}; default `''`. With encryption,
   *   a type that contains `Outgoing` or `Incoming` tells who speaks first; any other is plaintext.
   * @param peEnabled encryption (MSE): 0 none, 1 RC4 or plaintext, 2 RC4 only; default 0
   * @param options limits and other choices; every one has a safe default
   * @throws {TypeError} with code `ERR_INVALID_ARG_TYPE` for an option of the wrong type
   * @throws {RangeError} with code `ERR_OUT_OF_RANGE` for an option out of its bounds
   */
  constructor (type?: Wire.Type, peEnabled?: Wire.EncryptionLevel, options?: Wire.Options)

  //
  // State
  //

  /** The peer's id: 40 hexadecimal digits; `null` before its handshake. BEP 3 */
  peerId: string | null
  /** The peer's id: 20 bytes; `null` before its handshake. BEP 3 */
  peerIdBuffer: Buffer | null
  /** What the constructor was given. */
  type: Wire.Type

  /** Whether we choke the peer: its requests are not answered. Initially true. BEP 3 */
  amChoking: boolean
  /** Whether we want something of the peer. Initially false. BEP 3 */
  amInterested: boolean
  /** Whether the peer chokes us: it does not answer our requests. Initially true. BEP 3 */
  peerChoking: boolean
  /** Whether the peer wants something of us. Initially false. BEP 3 */
  peerInterested: boolean

  /**
   * The pieces that the peer has: from its `bitfield` and `have` messages, or from have-all or
   * have-none (BEP 6), the newest of these counting. After have-all it is a {@link Wire.HaveAll}.
   * May be assigned; `get` never crosses into native code.
   */
  get peerPieces (): Wire.BitField | Wire.HaveAll
  /** Takes what somebody else knows of the peer's pieces. */
  set peerPieces (pieces: Wire.BitFieldLike)

  /** What our handshake announced; `{}` before it. */
  extensions: Partial<Wire.Extensions>
  /** What the peer's handshake announced; `{}` before it. */
  peerExtensions: Partial<Wire.Extensions>

  /**
   * Our requests that are open. Live: an entry stays the same object while it is open, and the last
   * one takes the place of one that leaves. BEP 3
   *
   * It is the caller's to edit or to replace, and what it says counts from the next message or call
   * on. What is not in it is not called back, and its block, should it come, counts for another
   * request for the same block, if there is one. An object of the caller's own is called back as any
   * other, but never times out. Who takes an entry out to call it back does so with `_callback`.
   */
  requests: Wire.Request[]
  /**
   * The peer's requests that `request` has told of and that are not answered; not those that wait
   * (see {@link Wire.Options.maxPeerRequests}). Live like `requests`, and likewise the caller's to
   * edit: what is not in it is not answered, neither with a block nor with a reject. BEP 3
   */
  peerRequests: Wire.PeerRequest[]

  /** The names of our extensions, by the id that the peer is to use. BEP 10 */
  extendedMapping: Record<number, string>
  /** The ids that the peer gave to its extensions, by name; at most 256. BEP 10 */
  peerExtendedMapping: Record<string, number>
  /**
   * What our extended handshake says besides `m`, which is made of `extendedMapping`, and `reqq`,
   * which is the option of that name unless it is here; a `reqq` of `null` leaves it out. Change or
   * replace it before it is sent: right after both handshakes. BEP 10
   */
  extendedHandshake: Record<string, Wire.BencodeInput>
  /** The peer's latest extended handshake; strings are Buffers. `{}` before it. BEP 10 */
  peerExtendedHandshake: Wire.ExtendedHandshake

  /**
   * What the peer said of itself in its extended handshakes, the latest word on each. Read anew each
   * time. BEP 10, BEP 9, BEP 21
   */
  readonly peerInfo: Wire.PeerInfo
  /**
   * How many requests the peer takes at a time, as it says by `reqq`; 250 where it does not, which is
   * libtorrent's default. Those above it may drop or reject. BEP 10
   */
  readonly requestWindow: number
  /**
   * Resolves when both handshakes are done, and both extended handshakes where the peer announces BEP 10.
   * Rejects with `ERR_CLOSED` if the wire is closed before, with `closeReason` as `cause`; who does not
   * wait for it need not catch that.
   */
  readonly ready: Promise<void>

  /** Whether both handshakes announced the fast extension. BEP 6 */
  hasFast: boolean
  /**
   * The pieces that the peer may request while we choke it. `allowedFast` adds to it. The caller's to
   * edit or to replace: it is read at each request that comes while we choke, and by `choke`. BEP 6
   */
  allowedFastSet: number[]
  /**
   * The pieces that we may request while the peer chokes us. The peer adds to it, up to 100. The
   * caller's to edit or to replace: it is read by each `request` while the peer chokes. BEP 6
   */
  peerAllowedFastSet: number[]

  /** How many bytes of blocks were sent. */
  uploaded: number
  /** How many bytes of blocks came that we had requested. */
  downloaded: number

  /**
   * How fast blocks are sent, in bytes a second over the last five seconds; 0 once closed.
   * @param bytes counts so many bytes that went by another way first
   */
  uploadSpeed (bytes?: number): number
  /**
   * How fast requested blocks come, in bytes a second over the last five seconds; 0 once closed.
   * @param bytes counts so many bytes that came by another way first
   */
  downloadSpeed (bytes?: number): number

  /** What has passed so far; stays readable when the wire is closed. */
  readonly statistics: Wire.Statistics
  /** Blocks that came though nobody had requested them; they are not in `downloaded`. */
  readonly unsolicited: {
    /** How many. */
    pieces: number
    /** Their bytes. */
    bytes: number
  }

  /** The option `highWaterMark`, in bytes. */
  readonly highWaterMark: number
  /** What `violation` has given, if the wire was closed for that; else `null`. */
  closeReason: Wire.WireError | null

  //
  // The connection
  //

  /**
   * Sends a keep-alive every 55 seconds, or stops that. Does nothing once the wire is closed.
   * BEP 3
   */
  setKeepAlive (enable: boolean): void

  /**
   * Fails requests that are late with `request has timed out`, oldest first, and emits `timeout`
   * after each callback.
   *
   * A request is late `ms` after it was asked, or after the one asked before it was answered (by a
   * block or a reject), whichever is later. So none is late of a peer that answers in order and lets
   * no more than `ms` pass between two blocks, however many are open; one that it passes over is;
   * and all requests to a peer that has fallen silent are late together. A choke with the fast
   * extension (BEP 6) puts nothing off. Holds for open requests too.
   * @param ms milliseconds, any number, as timers of Node.js take it: a fraction is cut off, and what
   *   is below 1 or above 2,147,483,647 means 1. 0 and NaN mean no limit, which is the default
   * @param unref lets the process end while requests are open; default false
   */
  setTimeout (ms: number, unref?: boolean): void

  /**
   * Closes the wire gracefully: `uninterested` and `choke` are emitted, what was sent still goes
   * out, open requests fail with `wire was closed` (without the fast extension: with
   * `peer is choking`), then come `finish`, `end` and `close`. Messages that are not yet applied
   * are dropped. Emits no `error`.
   */
  destroy (): this

  /** The same as {@link Wire.destroy}, after writing `chunk`, if given. */
  end (callback?: () => void): this
  end (chunk: any, callback?: () => void): this
  end (chunk: any, encoding?: BufferEncoding, callback?: () => void): this

  /**
   * Adds an extension of BEP 10: makes one of the class, and puts it at `wire[name]`. Its name is
   * that of `prototype.name`, and its id the next free one. The same name again replaces it. At
   * most 255 in all.
   * @throws {Error} without a name
   * @throws {WireError} with code `ERR_EXTENSION_NAME` if the wire has a member of that name
   * @throws {RangeError} for one too many
   */
  use (Extension: Wire.ExtensionConstructor): void

  //
  // Sending
  //

  /** Sends a keep-alive. BEP 3 */
  keepAlive (): void

  /**
   * Begins the crypto handshake (MSE) of an outgoing connection. Without encryption it does
   * nothing.
   * @param infoHash 40 hexadecimal digits, or 20 bytes
   */
  startEncryption (infoHash: string | NodeJS.ArrayBufferView): void

  /**
   * Names the torrent that the event `crypto-infohash` asked for, at once or any time later; the
   * peer waits until then. Without encryption it does nothing.
   * @param infoHash 40 hexadecimal digits, or 20 bytes
   */
  setInfoHash (infoHash: string | NodeJS.ArrayBufferView): void

  /**
   * Sends the handshake, as one chunk. BEP 10 is always announced.
   * @param infoHash 40 hexadecimal digits, or 20 bytes
   * @param peerId 40 hexadecimal digits, or 20 bytes
   * @param extensions which others to announce; default none
   * @throws {Error} `infoHash and peerId MUST have length 20`
   */
  handshake (
    infoHash: string | NodeJS.ArrayBufferView,
    peerId: string | NodeJS.ArrayBufferView,
    extensions?: { dht?: boolean, fast?: boolean, v2?: boolean } | null
  ): void

  /**
   * Chokes the peer, if we do not already. Its open requests are dropped; with the fast extension
   * each is rejected, but for those of pieces in `allowedFastSet`, which stay. BEP 3, BEP 6
   */
  choke (): void
  /** Unchokes the peer, if we choke it. BEP 3 */
  unchoke (): void
  /** Says that we want something, if we have not already. BEP 3 */
  interested (): void
  /** Says that we want nothing any more, if we did. BEP 3 */
  uninterested (): void

  /** Says that we have a piece. BEP 3 */
  have (index: number): void

  /**
   * Says which pieces we have. BEP 3
   * @param bitfield a bit a piece, the first in the highest bit of the first byte; or an object
   *   with these bytes as its `buffer`. It is copied.
   */
  bitfield (bitfield: Wire.BitFieldLike | NodeJS.ArrayBufferView): void

  /**
   * Asks for a block. BEP 3
   *
   * The callback is called once. It gets the block; or an Error whose message is
   * `peer is choking` (at once, and nothing is sent, unless the piece is in
   * `peerAllowedFastSet`), `wire is closed` (at once), `wire was closed`, `request was cancelled`,
   * `request was rejected` or `request has timed out`. When a peer chokes without the fast
   * extension, or the wire closes, open requests fail last first.
   * @param index of the piece
   * @param offset in the piece, in bytes
   * @param length in bytes; clients refuse more than 16,384 or 131,072
   */
  request (index: number, offset: number, length: number, callback?: Wire.RequestCallback | null): void
  /** The same, for a callback that takes no block. BEP 3 */
  request (index: number, offset: number, length: number, callback: (error: Error | null) => void): void

  /**
   * Asks for a block, as {@link Wire.request} does, and resolves to it. BEP 3
   *
   * Rejects with a {@link WireError} whose code is `ERR_CHOKED` (at once, or when the peer chokes),
   * `ERR_REJECTED`, `ERR_CANCELLED` (by `cancel`), `ERR_TIMED_OUT` or `ERR_CLOSED`; with the reason of
   * `options.signal`; or with a TypeError or a RangeError for what cannot be meant. Who aborts it, or
   * whose `timeout` passes, takes the request back: `cancel` is sent. A timer of `setTimeout` counts
   * besides, from when the peer's turn to answer came.
   */
  fetch (piece: number, offset: number, length: number, options?: Wire.AnswerOptions | null): Promise<Buffer>

  /**
   * The peer's requests from now on, in order, instead of the event `request`: for one loop that answers
   * each. It ends when the wire is closed; who leaves the loop has those rejected (BEP 6), or dropped,
   * whose turn has not come.
   *
   * Those that wait for their turn are open: of a peer that asks for more than the loop answers further
   * ones wait in the engine, `maxPeerRequests` in all. One that is cancelled, or choked away, before its
   * turn is not given. BEP 3
   */
  peerRequestsStream (): AsyncIterableIterator<Wire.IncomingRequest>

  /**
   * Sends a block, and settles the peer's oldest request for it, if there is one. BEP 3
   * @param buffer is not copied, unless it is encrypted: leave it as it is until it has been sent
   */
  piece (index: number, offset: number, buffer: NodeJS.ArrayBufferView): void

  /** Takes a request back: its callback gets `request was cancelled` at once. BEP 3 */
  cancel (index: number, offset: number, length: number): void

  /**
   * Says on which UDP port our DHT node listens. BEP 5
   * @param port 0 to 65,535
   */
  port (port: number): void

  /**
   * Suggests a piece to download. BEP 6
   * @throws {Error} `fast extension is disabled`
   */
  suggest (index: number): void
  /**
   * Says that we have all pieces, instead of a bitfield. BEP 6
   * @throws {Error} `fast extension is disabled`
   */
  haveAll (): void
  /**
   * Says that we have no piece, instead of a bitfield. BEP 6
   * @throws {Error} `fast extension is disabled`
   */
  haveNone (): void
  /**
   * Refuses a request of the peer. BEP 6
   * @throws {Error} `fast extension is disabled`
   */
  reject (index: number, offset: number, length: number): void
  /**
   * Asks for hashes of a file's Merkle tree. The peer answers with hashes or a hash reject; either is
   * an event. BEP 52
   *
   * `bittorrent-protocol-native/merkle` has what tells whether hashes lead to the root.
   * @throws {TypeError | RangeError} for a range that cannot be meant; nothing is sent
   */
  hashRequest (range: Wire.HashRange): void
  /**
   * Asks for hashes likewise, and resolves to the peer's answer: `range.length` hashes of the layer,
   * then uncle hashes from below, 32 bytes each. They are as the peer sent them: see `verify` of
   * `bittorrent-protocol-native/merkle`. BEP 52
   *
   * Rejects with a {@link WireError} whose code is `ERR_REJECTED` (the peer will not), `ERR_TIMED_OUT`,
   * `ERR_CLOSED` or `ERR_V2_DISABLED`; with the reason of `options.signal`; or with a TypeError or a
   * RangeError for what cannot be meant. Of a hybrid torrent, `peerExtensions.v2` tells whether the peer
   * speaks BEP 52; of one that is named by its v2 info hash it need not say so. BEP 52 has no cancel: what is given up is asked for all the
   * same, and its answer an event alone.
   */
  requestHashes (range: Wire.HashRange, options?: Wire.AnswerOptions | null): Promise<Buffer>
  /**
   * Sends hashes: `range.length` of the layer, then at most one uncle hash a proof layer, 32 bytes
   * each. They answer the peer's oldest request for that range. BEP 52
   * @throws {TypeError | RangeError} for a range or a number of hashes that cannot be meant
   */
  hashes (range: Wire.HashRange, hashes: NodeJS.ArrayBufferView): void
  /**
   * Rejects the peer's oldest hash request for that range. BEP 52
   * @throws {TypeError | RangeError} for a range that cannot be meant
   */
  hashReject (range: Wire.HashRange): void
  /**
   * Lets the peer request a piece while we choke it. BEP 6
   * @throws {Error} `fast extension is disabled`
   */
  allowedFast (index: number): void

  /**
   * Lets the peer at an address request its allowed-fast set while we choke it: the pieces that the
   * canonical algorithm gives for the address and the info hash, so that every client allows it the same.
   * Those that are not in `allowedFastSet` yet are sent. Each may be asked for three times over while we
   * choke; further requests are rejected. BEP 6
   *
   * Of IPv4 the first three bytes count, as in the BEP (libtorrent has all four); of IPv6, for which the
   * BEP has nothing, all sixteen, as in libtorrent.
   * @param address of the peer, as `socket.remoteAddress` gives it
   * @returns the set
   * @throws {WireError} with code `ERR_FAST_DISABLED` if not both announced the fast extension
   * @throws {TypeError | RangeError} for what cannot be meant; nothing is sent
   */
  allowFastFor (address: string, options: Wire.AllowedFastOptions): number[]

  /**
   * Sends a message of an extension. BEP 10
   *
   * While more than `highWaterMark` bytes of such messages are unsent, the wire applies no message
   * after the next one of an extension: a peer that asks extensions for much and reads nothing is made
   * to wait.
   * @param extension the name that the peer mapped, or the id that it gave, 0 to 255
   * @param message bytes are sent as they are, copied; anything else is bencoded
   * @throws {Error} `Unrecognized extension: …` for a name that the peer did not map, or switched
   *   off
   */
  extended (extension: string | number, message: NodeJS.ArrayBufferView | Wire.BencodeInput): void

  //
  // The stream
  //

  /**
   * Pipes what the wire sends to a destination. As with any stream of Node.js, but:
   *
   * - what leaves together is written together, and the next of it waits for the destination's
   *   `drain`;
   * - a destination that is lost (`error`, or `close`) closes the wire, and its error goes no further:
   *   it ends no process.
   * @param destination a stream of Node.js, of streamx, or of their kind
   * @param options `end: false` leaves the destination open when the wire ends, and takes the pipe away
   * @returns the destination
   */
  override pipe<T extends NodeJS.WritableStream> (destination: T, options?: { end?: boolean | undefined }): T
  /**
   * Takes a pipe away, or all of them, and leaves nothing behind: no listener on either stream, and
   * no `drain` that is waited for. From then on the destination's loss and its errors are not the
   * wire's. Without a pipe left the wire is paused: what it sends waits for the next one, or for
   * `resume`.
   */
  override unpipe (destination?: NodeJS.WritableStream): this

  /**
   * Takes bytes of the peer without a queue: their events have fired when `callback` runs, which
   * is before `_write` returns, unless the wire makes the peer wait.
   */
  override _write (chunk: NodeJS.ArrayBufferView, callback: (error?: Error | null) => void): void
  override _write (chunk: NodeJS.ArrayBufferView, encoding: BufferEncoding | 'buffer', callback: (error?: Error | null) => void): void

  //
  // Members that published packages use though their names begin with an underscore
  //

  /** Names the wire in the log of `DEBUG=bittorrent-protocol`: 8 hexadecimal digits. */
  readonly _debugId: string
  /** Whether a crypto handshake is over. Stays false for a peer that connects in plaintext. */
  readonly _cryptoHandshakeDone: boolean
  /** What the crypto handshake chose: 1 plaintext, 2 RC4; `null` or `undefined` without one. */
  readonly _encryptionMethod: 1 | 2 | null | undefined
  /** Calls a request back that the caller has taken out of `requests` itself. */
  _callback (request: Wire.Request | null, error: Error | null, buffer: Uint8Array | null): void
  /** As if the peer had sent have-all. */
  _onHaveAll (): void
  /** As if the peer had sent have-none. */
  _onHaveNone (): void
  /** As if the peer had suggested a piece. */
  _onSuggest (index: number): void
  /** As if the peer had allowed a piece fast. */
  _onAllowedFast (index: number): void
  /** As if the peer had rejected a request. */
  _onReject (index: number, offset: number, length: number): void

  //
  // Events
  //

  addListener<E extends keyof Wire.Events> (event: E, listener: (...args: Wire.Events[E]) => void): this
  on<E extends keyof Wire.Events> (event: E, listener: (...args: Wire.Events[E]) => void): this
  once<E extends keyof Wire.Events> (event: E, listener: (...args: Wire.Events[E]) => void): this
  prependListener<E extends keyof Wire.Events> (event: E, listener: (...args: Wire.Events[E]) => void): this
  prependOnceListener<E extends keyof Wire.Events> (event: E, listener: (...args: Wire.Events[E]) => void): this
  off<E extends keyof Wire.Events> (event: E, listener: (...args: Wire.Events[E]) => void): this
  removeListener<E extends keyof Wire.Events> (event: E, listener: (...args: Wire.Events[E]) => void): this
  emit<E extends keyof Wire.Events> (event: E, ...args: Wire.Events[E]): boolean
}

/** The extensions that a wire uses are on it, each by its name. */
declare interface Wire extends Wire.Handlers {}

/**
 * Decodes the bencoded value (BEP 3) at the start of `bytes`; what follows it is ignored.
 * Byte strings become Buffers, dictionaries objects whose keys are UTF-8, or hexadecimal where
 * they are not.
 * @param maxItems how many values there may be
 * @throws {Error} with code `InvalidArg` and the offset in its message where `bytes` are no
 *   bencode, or more than that
 */
declare function bencodeDecode (bytes: NodeJS.TypedArray, maxItems?: number | null): Wire.BencodeValue

/**
 * Why a wire was closed: given to `violation`, and kept in `wire.closeReason`. Or why a promise of a
 * wire was rejected.
 */
declare class WireError extends Error {
  /** @internal a wire makes its own */
  constructor (code: Wire.ErrorCode, message: string, options?: { cause?: unknown })
  /** Always `WireError`. */
  readonly name: 'WireError'
  /** What kind of error it is; stays the same from version to version. */
  readonly code: Wire.ErrorCode
  /** What lies behind it: the exception of an extension's handler, or why the wire was closed. */
  readonly cause?: unknown
}

/** The types that go with the class, and what else the package exports. */
declare namespace Wire {
  export { Wire as default, bencodeDecode, WireError }

  /** How a peer is connected: one of these, or any other text. */
  export type Type =
    | 'webrtc' | 'tcpIncoming' | 'tcpOutgoing' | 'utpIncoming' | 'utpOutgoing' | 'webSeed' | ''
    | (string & Record<never, never>)

  /** 0 no encryption, 1 RC4 or plaintext, 2 RC4 only. */
  export type EncryptionLevel = 0 | 1 | 2

  /** The third argument of the constructor. */
  export interface Options {
    /**
     * The longest message that the peer may send, in bytes after its length prefix. A block that
     * we asked for may always come. From 68 to 2,147,483,647; default 1,048,576 (1 MiB).
     */
    maxMessageLength?: number | undefined
    /**
     * One more than the highest piece index that the peer may name in a `have`, `suggest` or
     * `allowed-fast`, and how many bits its bitfield may have. From 1 to 2,147,483,647; default
     * 2,097,152.
     */
    maxPieces?: number | undefined
    /**
     * How many requests of the peer may be open or wait at a time: a request is open once `request`
     * has told of it, and waits before, see `highWaterMark`. Those above are rejected (BEP 6), or
     * dropped. From 1 to 1,048,576; default 32,768.
     */
    maxPeerRequests?: number | undefined
    /**
     * How many requests we ask the peer to have under way at most: `reqq` of our extended handshake
     * (BEP 10). It is a wish, which libtorrent, Transmission and WebTorrent heed, and is not enforced:
     * `maxPeerRequests` is, and should be no less. A `reqq` in `extendedHandshake` counts instead.
     * From 1 to 1,048,576; default 2000.
     */
    reqq?: number | undefined
    /**
     * The name and version of this client: `v` of our extended handshake (BEP 10), at most 255 bytes of
     * UTF-8. Default none. This and the three below stand back behind a value in `extendedHandshake`.
     */
    client?: string | undefined
    /** On which TCP port we listen, 1 to 65,535: `p` of our extended handshake (BEP 10). Default none. */
    listenPort?: number | undefined
    /**
     * The address of the peer, as `socket.remoteAddress` gives it: `yourip` of our extended handshake
     * (BEP 10). Default none.
     */
    peerAddress?: string | undefined
    /** We only upload: `upload_only` of our extended handshake (BEP 21). Default false. */
    uploadOnly?: boolean | undefined

    /**
     * How many bytes may be under way to a peer before its further requests wait. They wait while
     * more than this is unsent; and while what is unsent and what the open requests ask for come to a
     * window of twice as many bytes and those that the peer has taken in the last second, 8 MiB at
     * most (or twice this value, if that is more). So a peer that reads is served at its speed also
     * by an application that answers late, and one that does not costs two marks. The `request`
     * events of those that wait come as output drains and open requests are answered.
     *
     * The mark bounds what is unsent of `extended` as well, see there. From 1 to 1,073,741,823;
     * default 393,216 (384 KiB).
     */
    highWaterMark?: number | undefined

    /**
     * With encryption: a peer that begins with a plaintext handshake is a violation. Without it
     * such a peer is let in even at level 2, as upstream does. Default false.
     */
    requireEncryption?: boolean | undefined
    /**
     * With encryption, for who connects: a handshake that is sent before the crypto handshake is
     * over travels within its third step (as IA), which saves a round trip; false sends it
     * afterwards. Default true.
     */
    initialPayload?: boolean | undefined
    /**
     * With encryption, for who is connected to: the torrents that are served, so that the
     * application need not answer `crypto-infohash`; any other is a violation. An iterable of info
     * hashes (40 hexadecimal digits, or 20 bytes each), or a function that finds one by
     * HASH('req2', SKEY), 20 bytes. The same iterable may be given to many wires: what is worked
     * out for it is kept. Default none.
     */
    infoHashes?: InfoHashes | undefined
    /**
     * With encryption: how long the crypto handshake may take, in milliseconds, from the call of
     * `startEncryption` or from the peer's first byte; more is a violation. 0 for no limit. From 0
     * to 2,147,483,647; default 0.
     */
    cryptoTimeout?: number | undefined
  }

  /** 40 hexadecimal digits, or 20 bytes. */
  export type InfoHash = string | Uint8Array

  /** The option `infoHashes`. */
  export type InfoHashes =
    | Iterable<InfoHash>
    | ((hash: Buffer) => InfoHash | null | undefined | PromiseLike<InfoHash | null | undefined>)

  /** What a handshake announces by its reserved bits. */
  export interface Extensions {
    /** BEP 5: a node of the DHT. */
    dht: boolean
    /** BEP 6: the fast extension. */
    fast: boolean
    /** BEP 10: extended messages. */
    extended: boolean
    /**
     * BEP 52: BitTorrent v2. Not enumerable in what a peer announced. A peer that names the torrent by its
     * v2 info hash need not announce it, and libtorrent does not: its messages count where we do.
     */
    v2?: boolean
  }

  /** A range of one layer of a file's Merkle tree, and the layers above it that prove it. BEP 52 */
  export interface HashRange {
    /** The root of the tree: 32 bytes. */
    piecesRoot: NodeJS.ArrayBufferView
    /** The layer of the hashes, at most 64; 0 is that of the blocks. */
    baseLayer: number
    /** The first hash of the layer: a multiple of `length`. */
    index: number
    /**
     * How many hashes of the layer: a power of two, at most 8192. BEP 52 has no ranges of less than
     * two, and wishes for at most 512; libtorrent asks for one where the last 512 pieces are one.
     */
    length: number
    /**
     * Over how many layers above it uncle hashes are to prove them. The first of these need none: their
     * hashes follow from the range's, those of log2(length) - 1 layers. No tree has more than 64 layers:
     * this and `baseLayer` are at most 64 together.
     */
    proofLayers: number
  }

  /** A range as the peer names it. BEP 52 */
  export interface ReceivedHashRange extends HashRange {
    /** The root of the tree: 32 bytes. */
    piecesRoot: Buffer
  }

  /**
   * Answers a hash request of the peer, once; what comes later does nothing.
   *
   * `respond(null, hashes)` sends hashes, as {@link Wire.hashes} does; a wrong number of them throws, and
   * the request stays open. `respond(error)` rejects the request.
   */
  export type RespondHashes = (...answer: [error: Error] | [error: null | undefined, hashes: NodeJS.ArrayBufferView]) => void

  /**
   * What a peer said of itself in its extended handshakes (BEP 10). `undefined` stands for what it did
   * not say, and for what cannot be meant. None of it is proved.
   */
  export interface PeerInfo {
    /** `v`: its name and version; at most 255 bytes, without control characters. */
    client: string | undefined
    /** `p`: the TCP port on which it listens, 1 to 65,535. */
    listenPort: number | undefined
    /** `yourip`: our address as the peer sees it. */
    externalAddress: string | undefined
    /** `ipv4`: its IPv4 address. */
    ipv4: string | undefined
    /** `ipv6`: its IPv6 address. */
    ipv6: string | undefined
    /** `reqq`: how many requests it takes at a time, 1 to 1,048,576. See {@link Wire.requestWindow}. */
    reqq: number | undefined
    /** `upload_only`: whether it only uploads. BEP 21 */
    uploadOnly: boolean | undefined
    /** `metadata_size`: the length of the torrent's metadata, 1 to 67,108,864 bytes. BEP 9 */
    metadataSize: number | undefined
    /** `complete_ago`: how many seconds ago it became complete, as libtorrent says. */
    completeAgo: number | undefined
  }

  /** What a wire had come to when a census was taken. Its members are getters; `toJSON` gives them all. */
  export interface Snapshot {
    /** What its constructor was given. */
    readonly type: Type
    /** Of the peer's handshake, 40 hexadecimal digits; `null` before it. */
    readonly infoHash: string | null
    /** Of the peer's handshake, 40 hexadecimal digits; `null` before it. */
    readonly peerId: string | null
    /** How long ago it was made, in milliseconds. */
    readonly age: number
    /** Whether we choke the peer. */
    readonly amChoking: boolean
    /** Whether we want something of the peer. */
    readonly amInterested: boolean
    /** Whether the peer chokes us. */
    readonly peerChoking: boolean
    /** Whether the peer wants something of us. */
    readonly peerInterested: boolean
    /** Whether both speak BEP 6. */
    readonly hasFast: boolean
    /** Whether the stream is RC4. */
    readonly isEncrypted: boolean
    /** In bytes a second over the last five seconds. */
    readonly downloadSpeed: number
    /** In bytes a second over the last five seconds. */
    readonly uploadSpeed: number
    /** How many requests of ours are open. */
    readonly requests: number
    /** How many requests of the peer are open. */
    readonly peerRequests: number
    /** How many requests of the peer wait for their turn. */
    readonly waitingRequests: number
    /** How many bytes are not sent, blocks included. */
    readonly unsent: number
    /** As in {@link Statistics}. */
    readonly unsolicitedPieces: number
    /** As in {@link Statistics}. */
    readonly unsolicitedBytes: number
    /** As in {@link Statistics}. */
    readonly refusedRequests: number
    /** From the peer. */
    readonly received: Traffic
    /** To the peer. */
    readonly sent: Traffic
    /** All of it, as a plain object. */
    toJSON (): Omit<Snapshot, 'toJSON'>
  }

  /** A request of the peer, as {@link Wire.peerRequestsStream} gives it. Its answer is its last. */
  export interface IncomingRequest extends Block {
    /** Whether an answer is waited for: not once it was cancelled, choked away or answered. */
    readonly isOpen: boolean
    /**
     * Sends the block, unless the request is not open any more. It is not copied: leave it as it is until
     * it has been sent.
     * @throws {TypeError} for what is no view; the request stays open
     */
    respond (block: NodeJS.ArrayBufferView): void
    /** Rejects the request (BEP 6), or drops it without the fast extension. */
    reject (): void
  }

  /**
   * What is published on the channels of `node:diagnostics_channel`, by their names. Nothing is made
   * where nobody subscribes. A subscriber gets the wire itself, and should not drive it.
   */
  export interface Diagnostics {
    /** A wire was made; a subclass's constructor is not done yet. */
    'bittorrent-protocol-native:open': {
      /** Which. */
      wire: Wire
      /** What its constructor was given. */
      type: Type
    }
    /** The peer's handshake came, before the event. */
    'bittorrent-protocol-native:handshake': {
      /** Whose. */
      wire: Wire
      /** 40 hexadecimal digits. */
      infoHash: string
      /** 40 hexadecimal digits. */
      peerId: string
      /** What the peer announces. */
      extensions: Extensions
    }
    /** A wire closes for a violation, before the event. */
    'bittorrent-protocol-native:violation': {
      /** Which. */
      wire: Wire
      /** Why. */
      error: WireError
    }
    /** A wire has finished, and its requests are called back; before its event `close`. */
    'bittorrent-protocol-native:close': {
      /** Which. */
      wire: Wire
      /** Its `closeReason`. */
      reason: WireError | null
      /** What has passed. */
      statistics: Statistics
    }
  }

  /** What an allowed-fast set is made of, besides the peer's address and the info hash. BEP 6 */
  export interface AllowedFastOptions {
    /** How many pieces the torrent has. */
    pieces: number
    /** How many to allow, 1 to 100; default 10. */
    k?: number | undefined
    /** How long a piece is, in bytes: three times as many are served. Default 16 MiB. */
    pieceLength?: number | undefined
  }

  /** How long a promise for an answer of the peer waits. */
  export interface AnswerOptions {
    /** Gives it up: the promise rejects with the signal's reason. Any number may share a signal. */
    signal?: AbortSignal | undefined
    /** After so many milliseconds the promise rejects with `ERR_TIMED_OUT`; 0, the default, for never. */
    timeout?: number | undefined
  }

  /** How many messages there were of each kind; `extended` counts the extended handshake too. */
  export type MessageCounts = Record<
    | 'handshake' | 'keepAlive' | 'choke' | 'unchoke' | 'interested' | 'notInterested' | 'have' | 'bitfield'
    | 'request' | 'piece' | 'cancel' | 'port' | 'suggest' | 'haveAll' | 'haveNone' | 'reject' | 'allowedFast'
    | 'extended' | 'hashRequest' | 'hashes' | 'hashReject' | 'unknown',
    number
  >

  /** A block, as it is asked for. */
  export interface Block {
    /** The index of the piece. */
    readonly piece: number
    /** Where the block begins in the piece, in bytes. */
    readonly offset: number
    /** How long the block is, in bytes. */
    readonly length: number
  }

  /** What a request of ours is called back with: an error, or the block. */
  export type RequestCallback = (...result: [error: Error, block: null] | [error: null, block: Buffer]) => void

  /**
   * Answers a request of the peer, once; what comes later does nothing.
   *
   * `respond(null, block)` sends the block, which is not copied: leave it as it is until it has
   * been sent. `respond(error)` rejects the request with the fast extension (BEP 6), and drops it
   * without.
   */
  export type Respond = (...answer: [error: Error] | [error: null | undefined, block: NodeJS.ArrayBufferView]) => void

  /** A request of ours that is open. */
  export interface Request extends Block {
    /** Is called with the block, or with the reason why there is none. */
    callback: RequestCallback
  }

  /** A request of the peer that is open. */
  export interface PeerRequest extends Block {
    /** Answers the request: what the event `request` gave. */
    callback: Respond
  }

  /** Bits by piece, as the npm package `bitfield` has them. */
  export interface BitField {
    /** The bits: the first piece is the highest bit of the first byte. */
    buffer: Uint8Array
    /** How many bits there are. */
    readonly length: number
    /** Whether the peer has a piece; false past the end. */
    get (index: number): boolean
    /** Notes whether the peer has a piece, `value` by default true; grows the bits if needed. */
    set (index: number, value?: boolean): void
    /** Sets several bits in turn, the first at `offset`, which is 0 by default. */
    setAll (values: ArrayLike<boolean>, offset?: number): void
    /** Calls back for each bit from `start`, by default 0, to before `end`, by default `length`. */
    forEach (callback: (value: boolean, index: number) => void, start?: number, end?: number): void
    /** Whether the peer has nothing. */
    isEmpty (): boolean
  }

  /** The pieces of a peer that sent have-all (BEP 6). It has no `setAll`: that tells it apart. */
  export interface HaveAll {
    /** Empty. */
    buffer: Uint8Array
    /** Always true. */
    get (index: number): boolean
    /** Does nothing. */
    set (index: number, value?: boolean): void
    /** Not there: that is how callers tell. */
    setAll?: never
    /** Not there: who has all pieces does not say how many. */
    length?: never
  }

  /** What may be assigned to `peerPieces` or given to `bitfield()`. */
  export interface BitFieldLike {
    /** The bits: the first piece in the highest bit of the first byte. */
    readonly buffer: NodeJS.ArrayBufferView
    /** Whether the piece is there. */
    get (index: number): boolean
    /** Notes that the piece is there, or that it is not. */
    set (index: number, value?: boolean): void
  }

  /** Bytes and messages in one direction. */
  export interface Traffic {
    /** All bytes of the BitTorrent stream, in and between messages. */
    bytes: number
    /** The bytes of blocks alone. */
    payload: number
    /** Messages, the handshake and keep-alives included. */
    messages: number
    /** The same by their kinds. */
    byMessage: MessageCounts
  }

  /** What a wire has seen. */
  export interface Statistics {
    /** From the peer. */
    received: Traffic
    /** To the peer; what waits to be sent is included. */
    sent: Traffic
    /** Blocks that nobody had asked for. */
    unsolicitedPieces: number
    /** Their bytes. */
    unsolicitedBytes: number
    /**
     * Requests of the peer that were rejected (BEP 6) or dropped without a word of the application:
     * while we choke it (those that waited at our choke included), above `maxPeerRequests`, and those
     * that it has cancelled.
     */
    refusedRequests: number
    /**
     * Messages for `ut_metadata` (BEP 9) or `ut_pex` (BEP 11) that were dropped: they did not begin
     * with a bencoded dictionary of at most 32 levels and 4096 values.
     */
    refusedExtended: number
  }

  /** An extension of BEP 10, as `use` takes it. Every hook may be left out. */
  export interface Extension {
    /** What it is called in the extended handshakes, and on the wire; on the prototype. */
    readonly name: string
    /**
     * The peer's handshake came.
     * @param infoHash 40 hexadecimal digits
     * @param peerId 40 hexadecimal digits
     */
    onHandshake? (infoHash: string, peerId: string, extensions: Extensions): void
    /** An extended handshake came in which the peer maps this extension. */
    onExtendedHandshake? (handshake: ExtendedHandshake): void
    /** A message of this extension came. What it throws closes the wire. */
    onMessage? (message: Buffer): void
  }

  /** The class of an extension: what `use` takes. */
  export interface ExtensionConstructor {
    /** `use` makes one for the wire. */
    new (wire: Wire): Extension
    /** Has the name that the extension is known by on the wire, and on this object. */
    readonly prototype: {
      /** Such as `ut_metadata`. */
      readonly name: string
    }
  }

  /**
   * The extensions on a wire, by their names: each of this package's (`/ut_metadata`, `/ut_pex`,
   * `/lt_donthave`, `/ut_holepunch`) adds itself where it is imported, and so may an application's own.
   */
  export interface Handlers {}

  /** What bencode decodes to. */
  export type BencodeValue = number | Buffer | BencodeValue[] | { [key: string]: BencodeValue }

  /**
   * What can be bencoded: strings as UTF-8, bytes, numbers without their fraction, booleans as 1
   * and 0, lists and dictionaries. `null` and `undefined` are left out.
   */
  export type BencodeInput =
    | string | number | bigint | boolean | null | undefined
    | NodeJS.ArrayBufferView | ArrayBuffer | SharedArrayBuffer
    | readonly BencodeInput[] | ReadonlySet<BencodeInput> | ReadonlyMap<any, BencodeInput>
    | { readonly [key: string]: BencodeInput }

  /**
   * An extended handshake of a peer (BEP 10). Nothing in it is checked: the peer may have put
   * anything anywhere.
   */
  export interface ExtendedHandshake {
    [key: string]: BencodeValue | undefined
  }

  /**
   * What a WireError says by its code. The peer's faults, each of which closes the wire:
   *
   * - `ERR_BAD_HANDSHAKE`: its first bytes are no BitTorrent handshake. BEP 3
   * - `ERR_MESSAGE_TOO_LONG`: a length prefix above `maxMessageLength`, a bitfield of more than
   *   `maxPieces` bits, or a length of 2 GiB and more. BEP 3
   * - `ERR_BAD_LENGTH`: a message too short or too long for its id. BEP 3, 5, 6, 10, 52
   * - `ERR_BAD_HASH_RANGE`: a range of hashes that no tree has, or hashes of another number. BEP 52
   * - `ERR_PIECE_OUT_OF_RANGE`: a piece index at or above `maxPieces`. BEP 3, 6
   * - `ERR_FAST_DISABLED`: a message of the fast extension, which not both announced. BEP 6
   * - `ERR_TOO_MANY_REQUESTS`: requests that are rejected, on and on, while it reads none of the
   *   rejects. BEP 6
   *
   * Its faults in the crypto handshake (MSE):
   *
   * - `ERR_MSE_PUBLIC_KEY`: a public key outside [2, p − 2], which gives the secret away.
   * - `ERR_MSE_SYNC`: no synchronization within 512 bytes of padding.
   * - `ERR_MSE_VC`: its verification constant does not decrypt: another info hash.
   * - `ERR_MSE_PADDING`: padding of more than 512 bytes.
   * - `ERR_MSE_CRYPTO_PROVIDE`: it offers no method that is allowed here.
   * - `ERR_MSE_CRYPTO_SELECT`: it chose a method that was not offered.
   * - `ERR_MSE_PLAINTEXT_REFUSED`: a plaintext handshake where encryption is required.
   * - `ERR_MSE_INFO_HASH`: it asks for a torrent that is not among `infoHashes`; or that function
   *   failed, with `cause`.
   * - `ERR_MSE_TIMEOUT`: the crypto handshake took longer than `cryptoTimeout`.
   *
   * Not the peer's:
   *
   * - `ERR_EXTENSION_FAILED`: a handler of an extension threw; `cause` is what it threw.
   * - `ERR_EXTENSION_NAME`: `use()` with a name that the wire has for something else. It is thrown
   *   by `use()`, and the wire stays open.
   * - `ERR_CHUNK_DETACHED`: the memory of a chunk, or of a payload of it, was transferred away
   *   before the wire had read all of the chunk; or that of a block before the block had left.
   *   Nothing is read from memory that is gone.
   * - `ERR_HANDSHAKE_TIMEOUT`, of wires over the native transport (`bittorrent-protocol-native/net`):
   *   no handshake of the peer within `handshakeTimeout`.
   * - `ERR_UNKNOWN_INFO_HASH`, of wires that a server of it has accepted: the peer wants a torrent that
   *   is not served.
   * - `ERR_INTERNAL`: a defect of this package.
   *
   * Those that promises of a wire are rejected with:
   *
   * - `ERR_CHOKED`: the peer chokes us. BEP 3
   * - `ERR_REJECTED`: the peer will not answer. BEP 6, 52
   * - `ERR_CANCELLED`: the request was taken back with `cancel`. BEP 3
   * - `ERR_TIMED_OUT`: no answer within `timeout`, or within what `setTimeout` was given.
   * - `ERR_CLOSED`: the wire was closed; `cause` is its `closeReason`, if it has one.
   * - `ERR_V2_DISABLED`: neither side announced BEP 52.
   *
   * `allowFastFor` throws `ERR_FAST_DISABLED` as well.
   *
   * Where no native addon loads, requiring the package throws an Error with code
   * `ERR_NO_NATIVE_ADDON`, which says what to do.
   */
  export type ErrorCode =
    | 'ERR_BAD_HANDSHAKE' | 'ERR_MESSAGE_TOO_LONG' | 'ERR_BAD_LENGTH' | 'ERR_BAD_HASH_RANGE'
    | 'ERR_PIECE_OUT_OF_RANGE'
    | 'ERR_FAST_DISABLED' | 'ERR_TOO_MANY_REQUESTS'
    | 'ERR_MSE_PUBLIC_KEY' | 'ERR_MSE_SYNC' | 'ERR_MSE_VC' | 'ERR_MSE_PADDING'
    | 'ERR_MSE_CRYPTO_PROVIDE' | 'ERR_MSE_CRYPTO_SELECT' | 'ERR_MSE_PLAINTEXT_REFUSED'
    | 'ERR_MSE_INFO_HASH' | 'ERR_MSE_TIMEOUT'
    | 'ERR_HANDSHAKE_TIMEOUT' | 'ERR_UNKNOWN_INFO_HASH'
    | 'ERR_EXTENSION_FAILED' | 'ERR_EXTENSION_NAME' | 'ERR_CHUNK_DETACHED' | 'ERR_INTERNAL'
    | 'ERR_CHOKED' | 'ERR_REJECTED' | 'ERR_CANCELLED' | 'ERR_TIMED_OUT' | 'ERR_CLOSED' | 'ERR_V2_DISABLED'

  /**
   * What a wire emits, with the arguments of the listeners. An application that emits events of its
   * own on a wire adds them to this interface.
   */
  export interface Events {
    /**
     * The peer's handshake came; `peerId`, `peerExtensions` and `hasFast` are set. The hashes are
     * 40 hexadecimal digits. BEP 3
     */
    handshake: [infoHash: string, peerId: string, extensions: Extensions]
    /** The peer chokes us; without the fast extension open requests fail next. BEP 3 */
    choke: []
    /** The peer unchokes us. BEP 3 */
    unchoke: []
    /** The peer wants something of us. BEP 3 */
    interested: []
    /** The peer wants nothing of us any more. BEP 3 */
    uninterested: []
    /** The peer has a piece that it did not have before. BEP 3 */
    have: [index: number]
    /** The peer has these pieces; the same as `wire.peerPieces`. BEP 3 */
    bitfield: [peerPieces: BitField]
    /** The peer asks for a block; the request is in `peerRequests`. BEP 3 */
    request: [index: number, offset: number, length: number, respond: Respond]
    /** A block came; the callback of its request was called before. BEP 3 */
    piece: [index: number, offset: number, block: Buffer]
    /** The peer takes a request back; with the fast extension it was rejected. BEP 3, 6 */
    cancel: [index: number, offset: number, length: number]
    /** The UDP port of the peer's DHT node. BEP 5 */
    port: [port: number]
    /** The peer suggests a piece to download. BEP 6 */
    suggest: [index: number]
    /** The peer has all pieces. BEP 6 */
    'have-all': []
    /** The peer has no piece. BEP 6 */
    'have-none': []
    /** The peer refuses a request; its callback was called before. BEP 6 */
    reject: [index: number, offset: number, length: number]
    /** The peer lets us request a piece while it chokes us. BEP 6 */
    'allowed-fast': [index: number]
    /**
     * The peer's extended handshake; or a message of an extension, by name if it is ours. Not one for
     * `ut_metadata` or `ut_pex` that is no bencode: see `statistics.refusedExtended`. BEP 10
     */
    extended: [extension: 'handshake', handshake: ExtendedHandshake] | [extension: string | number, message: Buffer]
    /** A keep-alive. BEP 3 */
    'keep-alive': []
    /**
     * The peer asks for hashes, where either side announced BEP 52. Answer with `respond`, or with `hashes` or
     * `hashReject`. Where nobody listens, the request is rejected; so are those above 1000 that are open.
     */
    'hash-request': [range: ReceivedHashRange, respond: RespondHashes]
    /** Hashes of the peer: `range.length` of the layer, then uncle hashes, 32 bytes each. BEP 52 */
    hashes: [range: ReceivedHashRange, hashes: Buffer]
    /** The peer will not answer a hash request. BEP 52 */
    'hash-reject': [range: ReceivedHashRange]
    /**
     * A message with an id that none of these BEPs describes, or one of BEP 52 where neither handshake
     * announced it: the id, then its payload.
     */
    unknownmessage: [message: Buffer]

    /** A block of so many bytes came. */
    download: [bytes: number]
    /** A block of so many bytes was sent. */
    upload: [bytes: number]
    /** A request has timed out; its callback was called before. See {@link Wire.setTimeout}. */
    timeout: []

    /**
     * MSE: the peer has connected, and asks for the torrent whose info hash has this
     * HASH('req2', SKEY), 40 hexadecimal digits. Answer with `setInfoHash`.
     */
    'crypto-infohash': [hash: string]
    /** MSE: the crypto handshake is over; see `_encryptionMethod`. */
    'crypto-handshake': []

    /**
     * The wire is closing because the peer, or an extension, did what it must not, or for one of the
     * other reasons of {@link Wire.ErrorCode}. An unheard one ends no process.
     */
    violation: [error: WireError]
    /** The same as `violation`; emitted only if somebody listens. */
    error: [error: Error]

    /** Of a wire over the native transport: the connection is there. */
    connect: []
    /** Of a wire over the native transport: the connection that was there is gone. Comes after `close`. */
    disconnect: []

    /** The writable side has ended. */
    finish: []
    /** The readable side has ended. */
    end: []
    /** The wire is closed: the last event. */
    close: []

    // Of Node.js streams.
    data: [chunk: Buffer]
    drain: []
    pause: []
    readable: []
    resume: []
    pipe: [source: import('node:stream').Readable]
    unpipe: [source: import('node:stream').Readable]
  }
}

export = Wire
