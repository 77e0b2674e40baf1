/// <reference types="node" />

import { EventEmitter } from 'node:events'
import Wire = require('../index.js')

/**
 * The holepunch extension (BEP 55): two peers, neither of which can be connected to, connect to each
 * other at the same time over uTP, introduced by a third one that both are connected to.
 *
 * ```js
 * wire.use(utHolepunch())
 * wire.ut_holepunch.on('connect', address => {})
 * wire.ut_holepunch.rendezvous('10.0.0.1:6881')
 * ```
 *
 * Addresses are `10.0.0.1:6881` or `[2001:db8::1]:6881`. One of IPv4 in the form of IPv6
 * (`[::ffff:10.0.0.1]:6881`), as sockets of Node.js give it, is sent as one of IPv4.
 *
 * @returns what `wire.use` takes: it can be used on any number of wires
 */
declare function utHolepunch (): utHolepunch.Constructor

/** The types that go with it, and the relaying peer. */
declare namespace utHolepunch {
  export { utHolepunch as default }

  /** Why there is no rendezvous. BEP 55 */
  export const ERRORS: {
    /** That is no address of a peer. */
    readonly NO_SUCH_PEER: 1
    /** The relaying peer is not connected to the target. */
    readonly NOT_CONNECTED: 2
    /** The target does not speak the extension. */
    readonly NO_SUPPORT: 3
    /** The target is the relaying peer, or the one that asks. */
    readonly NO_SELF: 4
  }

  /** What `wire.use` takes. */
  export interface Constructor {
    /** `use` makes one for the wire. */
    new (wire: Wire): UtHolepunch
    readonly prototype: UtHolepunch
  }

  /** What a {@link UtHolepunch} emits: of a hundred messages a minute, and none that is not exact. */
  export interface Events {
    /** The peer wants to be introduced to another one: {@link Relay} does it. */
    rendezvous: [target: string]
    /** Connect to this peer over uTP, now: it does the same. Whether it should is for the application. */
    connect: [address: string]
    /** The peer cannot introduce us; `code` is one of {@link ERRORS}, or a newer one. */
    failed: [target: string, code: number]
  }

  /** The extension on one wire: `wire.ut_holepunch`. */
  export interface UtHolepunch extends EventEmitter<Events>, Wire.Extension {
    readonly name: 'ut_holepunch'
    /** Whether the peer has announced the extension. */
    readonly isSpoken: boolean
    /**
     * Asks the peer, which relays, to introduce us to another one.
     * @returns whether it was sent: not to a peer that does not speak the extension
     * @throws {RangeError} if that is no address
     */
    rendezvous (target: string): boolean
    /** Has the peer connect to an address: what the relaying peer sends to both. */
    connect (address: string): boolean
    /** Answers a rendezvous with an error. */
    fail (target: string, code: number): boolean
  }

  /** Introduces peers of one torrent to each other: what BEP 55 has the relaying peer do. */
  export class Relay {
    /**
     * @param options.own our own addresses, to which nobody can be introduced
     * @throws {RangeError} if one is no address
     */
    constructor (options?: { own?: readonly string[] })
    /**
     * Takes a wire in until it closes. Peers whose wire does not use the extension can be named, but not
     * be introduced.
     * @param address at which other peers find this one
     * @throws {RangeError} if that is no address
     */
    add (wire: Wire, address: string): void
  }
}

declare module '../index.js' {
  interface Handlers {
    /** BEP 55, where `use` was called with it. */
    ut_holepunch?: utHolepunch.UtHolepunch
  }
}

export = utHolepunch
