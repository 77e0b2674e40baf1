/// <reference types="node" />

import { Duplex } from 'node:stream'
import Wire = require('../index.js')

/** What the wires with other packages' APIs have in common. */
declare namespace adapter {
  /**
   * Limits on what a peer may do, as the main wire has them; every one has a safe default. `reqq` is
   * not among them: the handshake of BEP 10 is the application's, and says it or not.
   */
  type Limits = Pick<Wire.Options, 'maxMessageLength' | 'maxPieces' | 'maxPeerRequests' | 'highWaterMark'>

  /** Those events of the main wire that all of them emit too. */
  type WireEvent = 'violation' | 'error' | 'finish' | 'end' | 'data' | 'drain' | 'pause' | 'readable' | 'resume' | 'pipe' | 'unpipe'

  /** The events that all of them emit. */
  interface CommonEvents extends Pick<Wire.Events, WireEvent> {
    /** The wire is closed. Comes once: before `finish` if we closed it, last if the peer did. */
    close: []
  }

  /** A stream over the main wire; it is piped and unpiped as that is: see its `pipe` and `unpipe`. */
  class Adapter<Events extends Record<keyof Events, any[]>> extends Duplex {
    /** Why the wire was closed, if the peer is to blame; else `null`. */
    closeReason: Wire.WireError | null

    /** Closes the wire: `close` is emitted at once, what was sent still goes out. */
    destroy (): this

    // The second of each is for the application's own events.
    addListener<E extends keyof Events> (event: E, listener: (...args: Events[E]) => void): this
    addListener (event: string | symbol, listener: (...args: any[]) => void): this
    on<E extends keyof Events> (event: E, listener: (...args: Events[E]) => void): this
    on (event: string | symbol, listener: (...args: any[]) => void): this
    once<E extends keyof Events> (event: E, listener: (...args: Events[E]) => void): this
    once (event: string | symbol, listener: (...args: any[]) => void): this
    prependListener<E extends keyof Events> (event: E, listener: (...args: Events[E]) => void): this
    prependListener (event: string | symbol, listener: (...args: any[]) => void): this
    prependOnceListener<E extends keyof Events> (event: E, listener: (...args: Events[E]) => void): this
    prependOnceListener (event: string | symbol, listener: (...args: any[]) => void): this
    off<E extends keyof Events> (event: E, listener: (...args: Events[E]) => void): this
    off (event: string | symbol, listener: (...args: any[]) => void): this
    removeListener<E extends keyof Events> (event: E, listener: (...args: Events[E]) => void): this
    removeListener (event: string | symbol, listener: (...args: any[]) => void): this
  }
}

export = adapter
