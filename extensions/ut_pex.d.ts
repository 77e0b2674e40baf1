/// <reference types="node" />

import { EventEmitter } from 'node:events'
import Wire = require('../index.js')

/**
 * Peer exchange (BEP 11): peers tell each other of further peers, once a minute. A drop-in for the npm
 * package `ut_pex` 5.
 *
 * ```js
 * wire.use(utPex())
 * wire.ut_pex.on('peer', (address, flags) => {})
 * wire.ut_pex.start()
 * ```
 *
 * @returns what `wire.use` takes: it can be used on any number of wires
 */
declare function utPex (): utPex.Constructor

/** The types that go with it. */
declare namespace utPex {
  export { utPex as default }

  /** What `wire.use` takes. */
  export interface Constructor {
    /** `use` makes one for the wire. */
    new (wire: Wire): UtPex
    readonly prototype: UtPex
  }

  /** What is known of a peer. BEP 11 */
  export interface Flags {
    /** It wants to speak encrypted. */
    prefersEncryption: boolean
    /** It only uploads: a seeder. */
    isSender: boolean
    /** It speaks uTP (BEP 29). */
    supportsUtp: boolean
    /** It speaks BEP 55. */
    supportsUtHolepunch: boolean
    /** It takes connections. */
    isReachable: boolean
  }

  /** What a {@link UtPex} emits. */
  export interface Events {
    /**
     * The peer knows another one, `10.0.0.1:6881` or `[2001:db8::1]:6881`. Of each list of a message the
     * first 200 count; none with port 0.
     */
    peer: [address: string, flags: Flags]
    /** The peer is no longer connected to this one. */
    dropped: [address: string]
    /** The peer does not speak the extension; or it sent more than six messages in a minute, and is hung up on. */
    warning: [error: Error]
  }

  /** The extension on one wire: `wire.ut_pex`. */
  export interface UtPex extends EventEmitter<Events>, Wire.Extension {
    readonly name: 'ut_pex'
    /** Tells the peer of others every 65 seconds, at most 50 that were added and 50 that were dropped. */
    start (): void
    /** Stops that. */
    stop (): void
    /** Stops, and forgets all peers. */
    reset (): void
    /**
     * Has the next message tell of a peer. What is no address of IPv4 with a port is ignored, and so is
     * what the peer has told us. Of what nobody is told the oldest is forgotten, above 2000.
     * @param address such as `10.0.0.1:6881`
     */
    addPeer (address: string, flags?: Partial<Flags>): void
    /**
     * The same for IPv6.
     * @param address such as `[2001:db8::1]:6881`
     */
    addPeer6 (address: string, flags?: Partial<Flags>): void
    /** Has the next message tell that a peer is gone. */
    dropPeer (address: string): void
    /** The same for IPv6. */
    dropPeer6 (address: string): void
  }
}

declare module '../index.js' {
  interface Handlers {
    /** BEP 11, where `use` was called with it. */
    ut_pex?: utPex.UtPex
  }
}

export = utPex
