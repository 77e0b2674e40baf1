/// <reference types="node" />

import { Duplex } from 'node:stream'
import Wire = require('../index.js')

/** What the wires with other packages' APIs have in common. */
declare namespace adapter {
  /** Limits on what a peer may do, as the main wire has them; every one has a safe default. */
  type Limits = Pick<Wire.Options, 'maxMessageLength' | 'maxPieces' | 'maxPeerRequests' | 'highWaterMark'>

  /** The events that all of them emit. */
  interface CommonEvents {
    /** The wire is closed. Comes once: before `finish` if we closed it, last if the peer did. */
    close: []
    /** The wire is closing because the peer did what it must not. */
    violation: [error: Wire.WireError]
    /** The same as `violation`; emitted only if somebody listens. */
    error: [error: Error]
    /** The writable side has ended. */
    finish: []
    /** The readable side has ended. */
    end: []
  }

  class Adapter<Events extends Record<keyof Events, any[]>> extends Duplex {
    /** Why the wire was closed, if the peer is to blame; else `null`. */
    closeReason: Wire.WireError | null

    /** Closes the wire: `close` is emitted at once, what was sent still goes out. */
    destroy (): this

    addListener<E extends keyof Events> (event: E, listener: (...args: Events[E]) => void): this
    addListener (event: string | symbol, listener: (...args: any[]) => void): this
    on<E extends keyof Events> (event: E, listener: (...args: Events[E]) => void): this
    on (event: string | symbol, listener: (...args: any[]) => void): this
    once<E extends keyof Events> (event: E, listener: (...args: Events[E]) => void): this
    once (event: string | symbol, listener: (...args: any[]) => void): this
    off<E extends keyof Events> (event: E, listener: (...args: Events[E]) => void): this
    off (event: string | symbol, listener: (...args: any[]) => void): this
    removeListener<E extends keyof Events> (event: E, listener: (...args: Events[E]) => void): this
    removeListener (event: string | symbol, listener: (...args: any[]) => void): this
  }
}

export = adapter
