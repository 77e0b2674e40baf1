/// <reference types="node" />

import { EventEmitter } from 'node:events'
import { Duplex } from 'node:stream'

/**
 * uTP (BEP 29) with the shape of the npm package `utp-native`: a UDP socket with any number of
 * connections over it. Called with or without `new`, the module makes a socket.
 */
declare function UTP (options?: UTP.Options): UTP.Socket

/** What belongs to it. */
declare namespace UTP {
  /** Options of a socket, and of its connections. */
  interface Options {
    /** Whether a connection stays open for writing when the peer has ended its side. Default: true. */
    allowHalfOpen?: boolean
  }

  /** Where a socket, or the peer of a connection, is. */
  interface Address {
    /** Of IPv4 or IPv6. */
    address: string
    /** Which of them. */
    family: 'IPv4' | 'IPv6'
    /** Of UDP. */
    port: number
  }

  /**
   * A UDP socket. It accepts connections after `listen`, and opens others by `connect`; both share its
   * port. Events: `listening`; `connection` with a {@link Connection} whose peer has shown that it
   * receives what we send; `message` with the bytes of a packet that is none of uTP, and where it came
   * from; `error`; `close`.
   */
  interface Socket extends EventEmitter {
    /** Those that have not closed. */
    readonly connections: Connection[]

    /** With so many connections, those of others are not accepted. 0, the default: any number. */
    maxConnections: number

    /**
     * Takes a port. Errors of the system come as `error`, with Node's codes (`EADDRINUSE`).
     * @param port 0, the default, for any that is free
     * @param host a name or an address; by default all of this machine, IPv4 and IPv6
     */
    bind (port?: number, host?: string | null, onListening?: () => void): void
    /** The same, on all of this machine. */
    bind (port: number, onListening: () => void): void
    /** The same, at any port that is free. */
    bind (onListening: () => void): void

    /** Takes a port as `bind` does, if there is none yet, and accepts connections. */
    listen (port?: number, host?: string | null, onListening?: () => void): void
    /** The same, on all of this machine. */
    listen (port: number, onListening: () => void): void
    /** The same, at any port that is free. */
    listen (onListening: () => void): void

    /**
     * Connects. A SYN is sent up to three times, within 7 seconds.
     * @param host a name or an address, `127.0.0.1` by default
     * @throws {RangeError} `ERR_OUT_OF_RANGE` for a port that is none
     * @throws {Error} `ERR_SOCKET_CLOSED` after `close`
     */
    connect (port: number | string, host?: string): Connection

    /** Accepts no connections of others if `isClosed`, or does again. */
    firewall (isClosed: boolean): void

    /** @throws {Error} if it is not bound, or closes */
    address (): Address

    /**
     * Sends a packet that is none of uTP: `length` bytes from `offset` on.
     * @param callback is called with what went wrong, or `null`
     */
    send (bytes: Uint8Array, offset: number, length: number, port: number, host: string, callback?: (error: Error | null) => void): void

    /** How many bytes the system keeps that have come and were not read: @throws {Error} `EBADF` before `bind` */
    getRecvBufferSize (): number

    /** Sets it, as far as the system lets it be; gives what it is. */
    setRecvBufferSize (bytes: number): number

    /** How many bytes the system keeps that have not left. */
    getSendBufferSize (): number

    /** Sets it, as far as the system lets it be; gives what it is. */
    setSendBufferSize (bytes: number): number

    /** For how many routers packets live. */
    setTTL (ttl: number): void

    /** Accepts nobody any more. `close` comes when all connections have closed and the port is free. */
    close (callback?: () => void): void

    /** A process with nothing else to do waits for it and its connections: the default. */
    ref (): void

    /** It does not. */
    unref (): void
  }

  /**
   * A connection: a Duplex with backpressure both ways. Events besides those of a stream: `connect`,
   * `timeout`. Errors: `UTP_ECONNREFUSED`, `UTP_ECONNRESET`, `UTP_ETIMEDOUT` in `code`, as of
   * `utp-native`, with the system's as `cause`; `ENOTFOUND` and the like for names.
   */
  interface Connection extends Duplex {
    /** Where the peer is; before the connection is there, what it connects to. */
    readonly remoteAddress: string
    /** The peer's port, of UDP. */
    readonly remotePort: number
    /** `undefined` while a name is looked up. */
    readonly remoteFamily: 'IPv4' | 'IPv6' | undefined
    /** Whether the connection is not there yet. */
    readonly connecting: boolean
    /** Bytes that came from the peer. */
    readonly bytesRead: number
    /** Bytes that were written, sent or not. */
    readonly bytesWritten: number

    /** Where its socket is; `null` once it is destroyed. */
    address (): Address | null

    /**
     * Emits `timeout` when nothing was read or written for a while; it is for the listener to close it.
     * @param ms 0 for never
     */
    setTimeout (ms: number, onTimeout?: () => void): this

    /** Closes at once. What was accepted for sending is sent all the same, as far as the peer takes it. */
    destroy (error?: Error): this

    /** A process with nothing else to do waits for it: the default. */
    ref (): this
    /** It does not. */
    unref (): this

    /** Hints for buffers that only `utp-native` has: nothing is done. */
    setInteractive (isInteractive: boolean): void
    /** Likewise. */
    setContentSize (bytes: number): void
    /** Likewise. */
    setPacketSize (bytes: number): void
  }

  /** A socket that is yet to listen. */
  function createServer (options?: Options | null, onConnection?: (connection: Connection) => void): Socket
  function createServer (onConnection: (connection: Connection) => void): Socket

  /** Connects from a socket of its own, which closes with the connection. */
  function connect (port: number | string, host?: string, options?: Options): Connection
}

/** The module is the function. */
export = UTP
