/// <reference types="node" />

import Wire = require('../index.js')

/**
 * The wire of this package for callers of `bittorrent-protocol` 3.x, which webtorrent 1.x is: with
 * that version's constructor and its calls for the crypto handshake (MSE). Everything else is the
 * main wire's, and bytes are Buffers.
 *
 * Who connects calls `sendPe1`, answers the event `pe2` with `sendPe3(infoHash)`, and sends its
 * handshake at the event `pe4`. Who is connected to answers `pe1` with `sendPe2`, and `pe3` with
 * `sendPe4(infoHash)`. The engine does the steps; docs/relatives.md says when they go out.
 */
declare class WireV3 extends Wire {
  /**
   * Makes a wire.
   * @param type how the peer is connected; default `null`
   * @param retries how often connecting was tried before: above 0, no crypto handshake is made
   * @param peEnabled whether to make a crypto handshake, if the type is `tcpOutgoing`, or to accept
   *   one besides plaintext, if it is `tcpIncoming`; RC4 is used then. Default false
   * @param options the main wire's
   */
  constructor (type?: Wire.Type | null, retries?: number, peEnabled?: boolean, options?: Wire.Options)

  /** Begins the crypto handshake of an outgoing connection: `pe2` is emitted. */
  sendPe1 (): void
  /** Does nothing: step 2 is answered by itself. */
  sendPe2 (): void
  /**
   * Names the torrent of an outgoing connection.
   * @param infoHash 40 hexadecimal digits, or 20 bytes
   */
  sendPe3 (infoHash: string | NodeJS.ArrayBufferView): void
  /**
   * Names the torrent of an incoming connection, after `pe3`.
   * @param infoHash 40 hexadecimal digits, or 20 bytes
   */
  sendPe4 (infoHash: string | NodeJS.ArrayBufferView): void
  /**
   * Names the torrent.
   * @param sharedSecret is not used: the engine has it
   * @param infoHash 40 hexadecimal digits, or 20 bytes
   * @returns whether this wire makes or accepts a crypto handshake
   */
  setEncrypt (sharedSecret: unknown, infoHash: string | NodeJS.ArrayBufferView): boolean

  addListener<E extends keyof WireV3.Events> (event: E, listener: (...args: WireV3.Events[E]) => void): this
  on<E extends keyof WireV3.Events> (event: E, listener: (...args: WireV3.Events[E]) => void): this
  once<E extends keyof WireV3.Events> (event: E, listener: (...args: WireV3.Events[E]) => void): this
  prependListener<E extends keyof WireV3.Events> (event: E, listener: (...args: WireV3.Events[E]) => void): this
  prependOnceListener<E extends keyof WireV3.Events> (event: E, listener: (...args: WireV3.Events[E]) => void): this
  off<E extends keyof WireV3.Events> (event: E, listener: (...args: WireV3.Events[E]) => void): this
  removeListener<E extends keyof WireV3.Events> (event: E, listener: (...args: WireV3.Events[E]) => void): this
  emit<E extends keyof WireV3.Events> (event: E, ...args: WireV3.Events[E]): boolean
}

/** The types that go with the class. */
declare namespace WireV3 {
  /** What it emits. */
  export interface Events extends Wire.Events, CryptoEvents {}

  /** What it emits besides {@link Wire.Events}. */
  export interface CryptoEvents {
    /** A peer has connected and begun a crypto handshake. */
    pe1: []
    /** After `sendPe1`: the torrent is to be named. */
    pe2: []
    /** After `pe1`: HASH('req2', info hash) of the torrent that the peer wants, in hexadecimal. */
    pe3: [infoHashHash: string]
    /** The crypto handshake that we began is over: the handshake is to be sent. */
    pe4: []
  }
}

export = WireV3
