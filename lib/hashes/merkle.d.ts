/// <reference types="node" />

import Wire = require('../../index.js')

/**
 * The hash trees of BitTorrent v2 (BEP 52), for what `hashRequest`, `requestHashes` and the event
 * `hash-request` of a wire are about.
 *
 * A file's blocks of 16 KiB are hashed with SHA-256, the last one as short as it is; these hashes are
 * layer 0. A hash of the next layer is that of two joined ones of the layer below. Beyond the end of the
 * file the hashes of layer 0 are zeros, as many as make their number a power of two; the last layer is
 * the root. The piece layer is that whose hashes are of one piece each: `log2(pieceLength / 16384)`.
 *
 * A layer is given as the bytes of its hashes, 32 each, without those beyond the file's end. Bytes of
 * the wrong kind throw a TypeError with code `ERR_INVALID_ARG_TYPE`; of a wrong number, and layers above
 * 64, a RangeError with code `ERR_OUT_OF_RANGE`.
 */
declare namespace merkle {
  /** The length of a block: 16,384 bytes. */
  export const BLOCK_LENGTH: 16384
  /** The length of a hash: 32 bytes. */
  export const HASH_LENGTH: 32

  /**
   * The hashes of blocks: layer 0 of a file, or of a part of it that begins with a block.
   * @param data what is left over after the last whole block is a block too
   */
  export function hashBlocks (data: NodeJS.ArrayBufferView): Buffer

  /**
   * A hash of a layer that lies beyond the end of the file: 32 zeros in layer 0.
   * @param layer 0 to 64
   */
  export function padding (layer: number): Buffer

  /**
   * The hash above all of some hashes of a layer, filled up to a power of two with those beyond the
   * file's end. Of a whole layer it is the root of its file (`pieces root`); of the blocks of a piece,
   * the hash in the piece layer.
   * @param hashes at least one
   * @param layer that they are of; default 0
   */
  export function rootOf (hashes: NodeJS.ArrayBufferView, layer?: number): Buffer

  /**
   * Whether hashes that a peer sent lead to `range.piecesRoot`, and so are the hashes of that range. The
   * range has to ask for all that this takes: its `proofLayers` are one less than the layers from
   * `baseLayer` up to the root.
   * @param hashes what `requestHashes` resolves to, or the event `hashes` gives
   */
  export function verify (range: Wire.HashRange, hashes: NodeJS.ArrayBufferView): boolean

  /** The hash tree of a file, from one of its layers up: what answers hash requests. */
  export class MerkleTree {
    /**
     * Works out the layers above one.
     * @param hashes all of a layer: those of the blocks, or the piece layer of a torrent
     * @param layer which; default 0
     */
    constructor (hashes: NodeJS.ArrayBufferView, layer?: number)
    /** The lowest layer that is there. */
    readonly baseLayer: number
    /** The layer of the root. */
    readonly rootLayer: number
    /** The root: 32 bytes. */
    readonly root: Buffer
    /** The layers, from the lowest up to the root. */
    readonly layers: Buffer[]
    /** A hash, 32 bytes; that of the padding beyond the end of the file. */
    at (layer: number, index: number): Buffer
    /**
     * What answers a hash request: the hashes of the layer, then an uncle hash for each proof layer
     * whose hashes do not follow from these.
     * @returns `null` if the tree has no such range, or another root: reject it
     */
    hashes (range: Wire.HashRange): Buffer | null
  }
}

export = merkle
