/// <reference types="node" />

import { EventEmitter } from 'node:events'
import { LookupFunction } from 'node:net'
import { Duplex } from 'node:stream'
import Wire = require('./index.js')

/**
 * The native transport: TCP on threads of its own, so that the main thread has little to do with
 * sockets and nothing with RC4. See docs/native-transport.md for when to use it.
 */

/**
 * Connects to a peer, over TCP.
 *
 * With `encryption`, the crypto handshake (MSE) comes first; with `peerId`, the BitTorrent handshake
 * is sent as soon as the connection is there, before what a listener of `connect` sends. What goes
 * wrong with the connection is an `error` as sockets of Node.js have it (see
 * {@link ConnectedWire.connectionError}), and closes the wire.
 * @throws {TypeError} with code `ERR_INVALID_ARG_TYPE` for an option of the wrong type
 * @throws {RangeError} with code `ERR_OUT_OF_RANGE` for an option out of its bounds
 */
export function connect (options: ConnectOptions): ConnectedWire

/**
 * Listens for peers, over TCP, plain and encrypted on one port.
 *
 * A peer that wants a torrent which is not served is refused: its wire closes with
 * `ERR_UNKNOWN_INFO_HASH`. With `peerId`, each other handshake is answered.
 * @param onWire listens to the event `wire`
 * @throws {TypeError} with code `ERR_INVALID_ARG_TYPE` for an option of the wrong type
 * @throws {RangeError} with code `ERR_OUT_OF_RANGE` for an option out of its bounds
 */
export function listen (options: ListenOptions, onWire?: (wire: ConnectedWire) => void): WireServer

/** What to do about encryption (MSE). */
export type Encryption =
  /** None. */
  | 'none'
  /**
   * Who connects tries the crypto handshake, RC4 or plaintext after it, and where the peer does not
   * take part in it, connects once more in plaintext. Who is connected to takes both.
   */
  | 'allow'
  /** RC4 only. */
  | 'require'

/** What {@link connect} takes: besides these, the options of a wire. */
export interface ConnectOptions extends Wire.Options {
  /** A name or an IP address; default `localhost`. */
  host?: string | undefined
  /** From 1 to 65535. */
  port: number
  /** The torrent, as 40 hexadecimal digits or 20 bytes. Needed for encryption, and with `peerId`. */
  infoHash?: Wire.InfoHash | undefined
  /** Ours, as 40 hexadecimal digits or 20 bytes: sends the handshake, before all that is said. Without it the application does. */
  peerId?: string | Uint8Array | undefined
  /** What that handshake announces; default none but BEP 10. */
  extensions?: Partial<Wire.Extensions> | undefined
  /** Default `none`. */
  encryption?: Encryption | undefined
  /**
   * Over TCP, over uTP (BEP 29), or over uTP first and TCP if that fails or nobody answers within 3
   * seconds. `type` of the wire says which it became. Default `tcp`.
   */
  transport?: 'tcp' | 'utp' | 'any' | undefined
  /** How long a connection may take, in milliseconds; then `ETIMEDOUT`. 0 for no limit; default 20,000. */
  connectTimeout?: number | undefined
  /**
   * How long the peer's handshake may take after that, in milliseconds, the crypto handshake
   * included; then `ERR_HANDSHAKE_TIMEOUT`, or another connection in plaintext, see
   * {@link Encryption}. 0 for no limit; default 20,000.
   */
  handshakeTimeout?: number | undefined
  /** The IP address of this machine to connect from. */
  localAddress?: string | undefined
  /** The port to connect from. */
  localPort?: number | undefined
  /** 4 or 6 for addresses of that kind only; default 0 for both. */
  family?: 0 | 4 | 6 | undefined
  /** Instead of `dns.lookup`. Several addresses are tried, each 250 ms after the one before (RFC 8305). */
  lookup?: LookupFunction | undefined
  /** Closes the wire when it is aborted, with an `error` of code `ABORT_ERR`. */
  signal?: AbortSignal | undefined
  /** What it reads and writes no faster than, from its first byte; see {@link RateLimit}. */
  rateLimit?: RateLimit | null | undefined
  /** Connects by way of this proxy, which also looks `host` up; see {@link ProxyOptions}. */
  proxy?: ProxyOptions | null | undefined
}

/** What {@link listen} takes: besides these, the options of a wire. */
export interface ListenOptions extends Wire.Options {
  /** A name or an IP address of this machine; default all of them. */
  host?: string | undefined
  /** Default 0, for any that is free. */
  port?: number | undefined
  /** With an IPv6 address: takes no IPv4. Default false. */
  ipv6Only?: boolean | undefined
  /** Accepts peers over uTP as well, on the same port number. Default false. */
  utp?: boolean | undefined
  /** How many connections the system keeps that were not accepted; default 511. */
  backlog?: number | undefined
  /** The torrents that are served, see {@link Wire.Options.infoHashes}; default any. */
  infoHashes?: Wire.InfoHashes | undefined
  /**
   * Asked instead, at the handshake of each peer, whether its torrent is served. Encrypted peers
   * still need `infoHashes`, or a listener of `crypto-infohash`.
   * @param infoHash 40 hexadecimal digits
   */
  onInfoHash?: ((infoHash: string, wire: ConnectedWire) => unknown) | undefined
  /** Ours, as 40 hexadecimal digits or 20 bytes: answers handshakes, before all that is said. Without it the application does. */
  peerId?: string | Uint8Array | undefined
  /** What these announce; default none but BEP 10. */
  extensions?: Partial<Wire.Extensions> | undefined
  /** Default `allow`. */
  encryption?: Encryption | undefined
  /**
   * How long the peer's handshake may take, in milliseconds, the crypto handshake included; then
   * `ERR_HANDSHAKE_TIMEOUT`. 0 for no limit; default 20,000.
   */
  handshakeTimeout?: number | undefined
  /** Peers above so many wires are dropped, see {@link WireServer.maxConnections}; default no limit. */
  maxConnections?: number | undefined
  /** Closes the server when it is aborted. */
  signal?: AbortSignal | undefined
  /** What all of its wires together read and write no faster than; a wire may get another one. */
  rateLimit?: RateLimit | null | undefined
}

/** What {@link RateLimit} takes. */
export interface RateLimitOptions {
  /** Bytes a second from peers: 0 for none, `Infinity` (the default) for no limit. */
  download?: number | null | undefined
  /** Bytes a second to peers, likewise. */
  upload?: number | null | undefined
  /** A limit that counts for these connections as well. */
  parent?: RateLimit | null | undefined
}

/**
 * How many bytes a second pass, in each direction, all bytes of the connections included: those of
 * messages and handshakes, but not those of TCP. Any number of wires and sockets share one. Limits
 * nest: what passes at one passes at its `parent`, so that a program may have one for itself, one a
 * torrent below it, and one a peer below that.
 *
 * It is enforced where sockets are read and written, to less than two hundredths over a second; TCP
 * holds the peer up. Whoever waits at a limit has the same share: connections, and limits below it
 * that are reached. Through a slow upload the peer's requests come at the pace at which answers
 * leave, so that `upload` events and speeds say what left, but for what a quarter of a second takes.
 */
export class RateLimit {
  /**
   * @throws {TypeError} with code `ERR_INVALID_ARG_TYPE` for what is no number, or no limit
   * @throws {RangeError} with code `ERR_OUT_OF_RANGE` for a number below 0, or `NaN`
   */
  constructor (options?: RateLimitOptions)
  /** Bytes a second from peers. May be set at any time; what waits goes on at the new rate. */
  get download (): number
  /** `null` or `undefined` for no limit. */
  set download (rate: number | null | undefined)
  /** Bytes a second to peers, likewise. */
  get upload (): number
  /** `null` or `undefined` for no limit. */
  set upload (rate: number | null | undefined)
  /** The limit above it. */
  readonly parent: RateLimit | null
}

/**
 * A SOCKS5 proxy (RFC 1928), with a password (RFC 1929) or without. Names are looked up by it, not here.
 *
 * What the proxy says went wrong is an `error` with `syscall` `proxy` and the peer's `address` and
 * `port`: `ECONNREFUSED`, `EHOSTUNREACH` or `ENETUNREACH` of the peer, `ERR_SOCKS_AUTHENTICATION` where
 * the name or password is wrong or missing, `ERR_SOCKS_NOT_ALLOWED`, `ERR_SOCKS_FAILURE`, and
 * `ERR_SOCKS_PROTOCOL` for what is no SOCKS5. Errors of the connection to the proxy have its address.
 */
export interface ProxyOptions {
  /** A name or an IP address; default `localhost`. */
  host?: string | undefined
  /** From 1 to 65535; default 1080. */
  port?: number | undefined
  /** Of 1 to 255 bytes; needs a `password`. */
  username?: string | undefined
  /** Of 1 to 255 bytes. */
  password?: string | undefined
}

/**
 * A wire with a connection of its own. Its stream ends are not in use: it is neither written to nor
 * piped. Besides the events of a wire it has `connect`, when the connection is there, and
 * `disconnect`, when a connection that was there is gone: once, after `close`, for what was sent before
 * still leaves then.
 */
export interface ConnectedWire extends Wire {
  /** Whether the connection is still to come. */
  readonly connecting: boolean
  /**
   * What went wrong with the connection, as the event `error` has it: with `code` (`ECONNREFUSED`,
   * `ECONNRESET`, `ETIMEDOUT`, `ABORT_ERR`, …) and, of the system's errors, `errno` and `syscall`, those of
   * connecting with `address` and `port`. `null` if nothing did.
   */
  readonly connectionError: NodeJS.ErrnoException | null
  /** The peer's address; `undefined` before the connection is there. */
  readonly remoteAddress: string | undefined
  /** The peer's port; `undefined` before the connection is there. */
  readonly remotePort: number | undefined
  /** `IPv4` or `IPv6`; `undefined` before the connection is there. */
  readonly remoteFamily: 'IPv4' | 'IPv6' | undefined
  /** What it reads and writes no faster than; may be set at any time. */
  get rateLimit (): RateLimit | null
  /** `null` or `undefined` for none. */
  set rateLimit (rateLimit: RateLimit | null | undefined)
  /** Our address; `undefined` before the connection is there. */
  readonly localAddress: string | undefined
  /** Our port; `undefined` before the connection is there. */
  readonly localPort: number | undefined
  /** `IPv4` or `IPv6`; `undefined` before the connection is there. */
  readonly localFamily: 'IPv4' | 'IPv6' | undefined
  /** A process with nothing else to do waits for the connection; so it does by default. */
  ref (): this
  /** A process with nothing else to do does not wait for the connection. */
  unref (): this
}

/** Where a server listens, or a connection has its end. */
export interface Address {
  /** An IP address. */
  address: string
  /** `IPv4` or `IPv6`. */
  family: 'IPv4' | 'IPv6'
  /** The port. */
  port: number
}

/** Both ends of a connection that was dropped. */
export interface Dropped {
  /** Our address. */
  localAddress: string
  /** Our port. */
  localPort: number
  /** `IPv4` or `IPv6`. */
  localFamily: string
  /** The peer's address. */
  remoteAddress: string
  /** The peer's port. */
  remotePort: number
  /** `IPv4` or `IPv6`. */
  remoteFamily: string
}

/** The events of a {@link WireServer}, with the arguments of their listeners. */
export interface WireServerEvents {
  /** It listens: `address()` tells where. */
  listening: []
  /** A peer has connected. Nothing that it sent was applied yet. */
  wire: [wire: ConnectedWire]
  /** A connection above `maxConnections` was closed at once. */
  drop: [ends: Dropped]
  /** It could not listen; or not accept one connection, which is told only to who listens. */
  error: [error: Error]
  /** It was closed, and so are all of its wires. */
  close: []
}

/** Accepts peers; made by {@link listen}. */
export class WireServer extends EventEmitter<WireServerEvents> {
  /** @internal {@link listen} makes it */
  private constructor ()
  /** Its wires that are not closed. */
  readonly wires: ReadonlySet<ConnectedWire>
  /** Peers above so many wires are dropped. */
  maxConnections: number
  /** Whether it listens. */
  readonly listening: boolean
  /** Where it listens; `null` if it does not. */
  address (): Address | null
  /** Accepts nobody any more. Its wires stay: `close` comes when the last of them has closed. */
  close (callback?: () => void): this
  /** A process with nothing else to do goes on for the server; so it does by default. */
  ref (): this
  /** A process with nothing else to do ends in spite of the server. */
  unref (): this
}

/** What {@link Socket} takes, as of `net.Socket`. */
export interface SocketOptions {
  /** Whether our side stays open when the peer ends its own; default false. */
  allowHalfOpen?: boolean | undefined
  /** How many bytes are kept unread, and how many unwritten, before either side stops. */
  highWaterMark?: number | undefined
  /** Destroys the socket when it is aborted. */
  signal?: AbortSignal | undefined
  /** What it reads and writes no faster than. */
  rateLimit?: RateLimit | null | undefined
}

/** What `connect` of a {@link Socket} takes, as of `net`. */
export interface SocketConnectOptions extends SocketOptions {
  /** From 1 to 65535. */
  port: number
  /** A name or an IP address; default `localhost`. */
  host?: string | undefined
  /** The IP address of this machine to connect from. */
  localAddress?: string | undefined
  /** The port to connect from. */
  localPort?: number | undefined
  /** 4 or 6 for addresses of that kind only. */
  family?: 0 | 4 | 6 | undefined
  /** Instead of `dns.lookup`. */
  lookup?: LookupFunction | undefined
  /** Emits `timeout` after so many milliseconds in which nothing passes. */
  timeout?: number | undefined
  /** Sends small writes at once; so it does by default, unlike sockets of Node.js. */
  noDelay?: boolean | undefined
  /** Has the system ask a silent peer whether it is there. */
  keepAlive?: boolean | undefined
  /** After so many milliseconds of silence. */
  keepAliveInitialDelay?: number | undefined
  /** Connects by way of this proxy, which also looks `host` up; see {@link ProxyOptions}. */
  proxy?: ProxyOptions | null | undefined
}

/**
 * A socket with the shape of `net.Socket`, over TCP; there are none of the file system. Piped to a
 * wire of this package, what the peer sent does not pass the streams, and with the wire piped back,
 * RC4 runs on the transport's threads. `write` calls back once the bytes are copied and there is room
 * for more, not when they have left.
 */
export class Socket extends Duplex {
  /** A socket that is not connected. */
  constructor (options?: SocketOptions)
  /**
   * Connects; `listener` listens to `connect` once.
   * @throws {Error} with code `ERR_SOCKET_CONNECTED` where it connects already, or did
   */
  connect (options: SocketConnectOptions, listener?: () => void): this
  /** Likewise. */
  connect (port: number, host: string, listener?: () => void): this
  /** Likewise. */
  connect (port: number, listener?: () => void): this
  /** Whether it connects. */
  readonly connecting: boolean
  /** Whether the connection is not there yet. */
  readonly pending: boolean
  /** As of `net.Socket`. */
  readonly readyState: 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed'
  /** How many bytes came. */
  readonly bytesRead: number
  /** How many bytes were written. */
  readonly bytesWritten: number
  /** What `setTimeout` was given. */
  readonly timeout: number | undefined
  /** The peer's address. */
  readonly remoteAddress: string | undefined
  /** The peer's port. */
  readonly remotePort: number | undefined
  /** `IPv4` or `IPv6`. */
  readonly remoteFamily: 'IPv4' | 'IPv6' | undefined
  /** Our address. */
  readonly localAddress: string | undefined
  /** Our port. */
  readonly localPort: number | undefined
  /** `IPv4` or `IPv6`. */
  readonly localFamily: 'IPv4' | 'IPv6' | undefined
  /** What it reads and writes no faster than; may be set at any time. */
  get rateLimit (): RateLimit | null
  /** `null` or `undefined` for none. */
  set rateLimit (rateLimit: RateLimit | null | undefined)
  /** Our end; `{}` before the connection is there. */
  address (): Address | {}
  /** Emits `timeout` after so many milliseconds in which nothing passes; 0 for never. */
  setTimeout (ms: number, listener?: () => void): this
  /** Whether small writes leave at once; default true. */
  setNoDelay (noDelay?: boolean): this
  /** Whether the system asks a silent peer, after `initialDelay` milliseconds, whether it is there. */
  setKeepAlive (enable?: boolean, initialDelay?: number): this
  /** Ends, and destroys the socket when what was written has left. */
  destroySoon (): void
  /** Closes at once, so that the peer sees a reset. */
  resetAndDestroy (): this
  /** A process with nothing else to do waits for the connection; so it does by default. */
  ref (): this
  /** A process with nothing else to do does not wait for the connection. */
  unref (): this
}

/** What {@link Server} takes, as of `net.Server`. */
export interface ServerOptions {
  /** Whether sockets stay open when the peer ends its side; default false. */
  allowHalfOpen?: boolean | undefined
  /** Whether sockets read nothing before `resume`. */
  pauseOnConnect?: boolean | undefined
  /** As of {@link SocketConnectOptions}. */
  noDelay?: boolean | undefined
  /** As of {@link SocketConnectOptions}. */
  keepAlive?: boolean | undefined
  /** As of {@link SocketConnectOptions}. */
  keepAliveInitialDelay?: number | undefined
  /** As of {@link SocketOptions}. */
  highWaterMark?: number | undefined
}

/** The events of a {@link Server}, with the arguments of their listeners. */
export interface ServerEvents {
  /** It listens. */
  listening: []
  /** A connection was accepted. */
  connection: [socket: Socket]
  /** A connection above `maxConnections` was closed at once. */
  drop: [ends: Dropped]
  /** It could not listen; or not accept one connection, which is told only to who listens. */
  error: [error: Error]
  /** It was closed, and so are all of its sockets. */
  close: []
}

/** A server with the shape of `net.Server`, over TCP. */
export class Server extends EventEmitter<ServerEvents> {
  /** A server that does not listen; `onConnection` listens to `connection`. */
  constructor (options?: ServerOptions, onConnection?: (socket: Socket) => void)
  /** Likewise, with the default options. */
  constructor (onConnection: (socket: Socket) => void)
  /** Connections above so many are dropped. */
  maxConnections: number | undefined
  /** Whether it listens. */
  readonly listening: boolean
  /**
   * Listens.
   * @throws {Error} with code `ERR_SERVER_ALREADY_LISTEN`
   */
  listen (options: { port?: number, host?: string, backlog?: number, ipv6Only?: boolean, signal?: AbortSignal }, listener?: () => void): this
  /** Likewise. */
  listen (port?: number, host?: string, backlog?: number, listener?: () => void): this
  /** Likewise. */
  listen (port?: number, host?: string, listener?: () => void): this
  /** Likewise. */
  listen (port?: number, listener?: () => void): this
  /** Where it listens; `null` if it does not. */
  address (): Address | null
  /** Tells how many sockets are open. */
  getConnections (callback: (error: Error | null, count: number) => void): this
  /**
   * Accepts nobody any more; `close` comes when the last socket has closed. One that does not listen
   * gives the callback an error with code `ERR_SERVER_NOT_RUNNING`.
   */
  close (callback?: (error?: Error) => void): this
  /** A process with nothing else to do goes on for the server; so it does by default. */
  ref (): this
  /** A process with nothing else to do ends in spite of the server. */
  unref (): this
}

/** Makes a {@link Server}. */
export function createServer (options?: ServerOptions, onConnection?: (socket: Socket) => void): Server
/** Makes a {@link Server}. */
export function createServer (onConnection: (socket: Socket) => void): Server

/** Makes a {@link Socket} that connects. */
export function createConnection (options: SocketConnectOptions, listener?: () => void): Socket
/** Likewise. */
export function createConnection (port: number, host: string, listener?: () => void): Socket
/** Likewise. */
export function createConnection (port: number, listener?: () => void): Socket
