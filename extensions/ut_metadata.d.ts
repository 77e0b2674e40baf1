/// <reference types="node" />

import { EventEmitter } from 'node:events'
import Wire = require('../index.js')

/**
 * The extension for peers to send metadata files (BEP 9): an info dictionary goes from a peer that has
 * it to one that has only its hash, a magnet link. A drop-in for the npm package `ut_metadata` 5.
 *
 * ```js
 * wire.use(utMetadata())
 * wire.ut_metadata.on('metadata', torrentFile => {})
 * wire.ut_metadata.fetch()
 * ```
 *
 * @param metadata a torrent file, or its info dictionary, to give away
 * @returns what `wire.use` takes: it can be used on any number of wires
 * @throws {TypeError} if `metadata` is anything else
 */
declare function utMetadata (metadata?: NodeJS.ArrayBufferView | null): utMetadata.Constructor

/** The types that go with it. */
declare namespace utMetadata {
  export { utMetadata as default }

  /** What `wire.use` takes. */
  export interface Constructor {
    /** `use` makes one for the wire. */
    new (wire: Wire): UtMetadata
    readonly prototype: UtMetadata
  }

  /** What a {@link UtMetadata} emits. */
  export interface Events {
    /** The info dictionary is here, and has the right hash: a torrent file with nothing else in it. */
    metadata: [torrentFile: Uint8Array]
    /**
     * The metadata will not come from this peer: it does not speak the extension, has none, said a size
     * that cannot be, rejected too much, or sent others.
     */
    warning: [error: Error]
  }

  /** The extension on one wire: `wire.ut_metadata`. */
  export interface UtMetadata extends EventEmitter<Events>, Wire.Extension {
    readonly name: 'ut_metadata'
    /** The info dictionary, once it is here; else `null`. */
    readonly metadata: Uint8Array | null
    /**
     * Asks the peer for the metadata: at once if it has said how long they are, at most 10,000,000 bytes,
     * or else when it does. Its pieces have to be as long as they must, and the whole to have the info
     * hash of the handshake, SHA-1 (BEP 3) or the beginning of SHA-256 (BEP 52).
     */
    fetch (): void
    /** Stops asking; what comes is not taken. */
    cancel (): void
    /**
     * Has the metadata to give away, where they were not there from the beginning. Peers are told how
     * long they are in our extended handshake, if that was not sent yet.
     * @param metadata a torrent file, or its info dictionary
     * @returns whether they are metadata, and of this torrent
     */
    setMetadata (metadata: NodeJS.ArrayBufferView): Promise<boolean>
  }
}

declare module '../index.js' {
  interface Handlers {
    /** BEP 9, where `use` was called with it. */
    ut_metadata?: utMetadata.UtMetadata
  }
}

export = utMetadata
