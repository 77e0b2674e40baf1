/// <reference types="node" />

import { EventEmitter } from 'node:events'
import Wire = require('../index.js')

/**
 * The opposite of `have` (BEP 54): a piece is there no more. A drop-in for the npm package
 * `lt_donthave` 2.
 *
 * ```js
 * wire.use(ltDonthave())
 * wire.lt_donthave.on('donthave', index => {})
 * wire.lt_donthave.donthave(7)
 * ```
 *
 * @returns what `wire.use` takes: it can be used on any number of wires
 */
declare function ltDonthave (): ltDonthave.Constructor

/** The types that go with it. */
declare namespace ltDonthave {
  export { ltDonthave as default }

  /** What `wire.use` takes. */
  export interface Constructor {
    /** `use` makes one for the wire. */
    new (wire: Wire): LtDonthave
    readonly prototype: LtDonthave
  }

  /** What a {@link LtDonthave} emits. */
  export interface Events {
    /**
     * The peer does not have a piece any more, which it had: `peerPieces` says so. The requests for it
     * fail next, with `peer sent donthave`. After have-all (BEP 6) `peerPieces` has no bit to take away.
     */
    donthave: [index: number]
  }

  /** The extension on one wire: `wire.lt_donthave`. */
  export interface LtDonthave extends EventEmitter<Events>, Wire.Extension {
    readonly name: 'lt_donthave'
    /**
     * Tells the peer, if it speaks the extension, that we do not have a piece any more.
     * @throws {TypeError | RangeError} for what is no whole number of 32 bits
     */
    donthave (index: number): void
  }
}

declare module '../index.js' {
  interface Handlers {
    /** BEP 54, where `use` was called with it. */
    lt_donthave?: ltDonthave.LtDonthave
  }
}

export = ltDonthave
