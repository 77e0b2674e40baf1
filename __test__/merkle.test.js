'use strict'

/**
 * BEP 52: the hash trees of files. The roots and piece layers are libtorrent 2.1's (`create_torrent`,
 * pieces of 32 KiB), and Python's hashlib came to the same roots from the text of the BEP.
 */

const { createHash } = require('node:crypto')
const { MerkleTree, hashBlocks, padding, rootOf, verify } = require('bittorrent-protocol-native/merkle')

/** The length of a file, its root, and its piece layer, or the SHA-256 of that if it is long. */
const FILES = [
  [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  [16384, 'de63d66fe69e92478f8282a17697dd0d961dd69f2f622c019f8d2ed1ef0ee691'],
  [16385, '7deddd28c3d6c85fb64ddea119f539df0bbb40e1597f8c0b3e14373336bca6af'],
  [100000, 'c0c2b937603f129af4c4d4d871b5e3cc133088c04f079e76c027c77c3c583e64',
    '5faab15e80113d936274602f83d71f774e79bd80b20b5e6a3858cdc04b5f2c35' +
    'ae45123287ab0f6d1fa27e53c2e34fb4788351fc666121d2916362eb6ad8d282' +
    '37dcd2ccb360d078ead5b228e1f93e3873372b8c4a262be4e63a841beea6f32c' +
    'fd74a730498d58485bb7b656e34d9e1922f4fba8fba5c1c0dca9d2cd3fc4481a'],
  [16384 * 13 + 5, '9b4892f0573dd5fe793eb7ed2d51c600a0241b5169444d2812329a08dc9652f6',
    '1d62d0c2898005acc55b071a89c0bc688e84ee156c1a18fc26f47242aac33f55'],
  [16384 * 32, 'ef312a43d7b203607ce368f381ac8c48c36192916c4e1ee97c322728e8c06409',
    'f522e571daa3e2c7f5a711934ef2e99f581b298ee3517110e485e556b867e743']
]

const content = length => Uint8Array.from({ length }, (_, i) => i * 31 + (i >> 14) * 17)
const sha256 = (...bytes) => createHash('sha256').update(Buffer.concat(bytes)).digest()

describe.each(FILES)('a file of %d bytes', (length, root, pieces) => {
  const tree = new MerkleTree(hashBlocks(content(length)))
  const height = Math.ceil(Math.log2(Math.ceil(length / 16384)))

  test('has the root that libtorrent gives it', () => {
    expect(tree.root.toString('hex')).toBe(root)
    expect(rootOf(hashBlocks(content(length))).toString('hex')).toBe(root)
    expect([tree.baseLayer, tree.rootLayer]).toEqual([0, height])
  })

  test('has its piece layer, whose root is the same', () => {
    if (pieces === undefined) return expect(height).toBeLessThan(2)
    const layer = tree.layers[1]
    expect([layer.toString('hex'), sha256(layer).toString('hex')]).toContain(pieces)
    expect(rootOf(layer, 1).toString('hex')).toBe(root)
    const upper = new MerkleTree(layer, 1)
    expect([upper.root, upper.baseLayer, upper.rootLayer]).toEqual([tree.root, 1, height])
  })

  test('proves each range of each layer, and none else', () => {
    const flipped = Buffer.alloc(32, 1)
    let ranges = 0
    for (let baseLayer = 0; baseLayer < height; baseLayer++) {
      for (let size = 1; size <= 2 ** (height - baseLayer); size *= 2) {
        for (let index = 0; index < 2 ** (height - baseLayer); index += size) {
          const range = { piecesRoot: tree.root, baseLayer, index, length: size, proofLayers: height - baseLayer - 1 }
          const hashes = tree.hashes(range)
          expect(verify(range, hashes)).toBe(true)
          ranges++

          const broken = Buffer.from(hashes)
          broken[broken.length - 1] ^= 1
          expect(verify(range, broken)).toBe(false)
          expect(verify({ ...range, piecesRoot: flipped }, hashes)).toBe(false)
          // The same hashes for another place.
          const elsewhere = { ...range, index: index + size }
          const isPadding = hashes.equals(tree.hashes(elsewhere) ?? flipped)
          expect(verify(elsewhere, hashes)).toBe(isPadding)
        }
      }
    }
    expect(ranges > 0).toBe(height > 0)
  })
})

describe('a tree', () => {
  const tree = new MerkleTree(hashBlocks(content(100000)))
  const range = { piecesRoot: tree.root, baseLayer: 0, index: 4, length: 2, proofLayers: 2 }
  const [blocks, pieces, halves] = tree.layers
  const at = (layer, i) => layer.subarray(32 * i, 32 * i + 32)

  test('answers with the hashes of the layer, then one uncle a proof layer, from below', () => {
    expect(tree.hashes(range)).toEqual(Buffer.concat([at(blocks, 4), at(blocks, 5), at(pieces, 3), at(halves, 0)]))
    // BEP 52: a layer whose hashes follow from these is left out.
    expect(tree.hashes({ ...range, length: 4 })).toEqual(Buffer.concat([blocks.subarray(128), padding(0), at(halves, 0)]))
    expect(tree.hashes({ ...range, index: 0, length: 8 })).toEqual(Buffer.concat([blocks, padding(0)]))
    expect(tree.hashes({ ...range, proofLayers: 0 })).toEqual(blocks.subarray(128, 192))
    expect(tree.hashes({ ...range, length: 1 })).toEqual(
      Buffer.concat([at(blocks, 4), at(blocks, 5), at(pieces, 3), at(halves, 0)]))
  })

  test.each([
    ['another file', { piecesRoot: Buffer.alloc(32) }],
    ['a layer above the root', { baseLayer: 4, index: 0, length: 1, proofLayers: 0 }],
    ['the root', { baseLayer: 3, index: 0, length: 1, proofLayers: 0 }],
    ['hashes past the end', { index: 8 }],
    ['more hashes than there are', { index: 0, length: 16 }],
    ['layers above the root', { proofLayers: 3 }]
  ])('has no range of %s', (_, change) => {
    expect(tree.hashes({ ...range, ...change })).toBe(null)
  })

  test('has no range below its lowest layer', () => {
    expect(new MerkleTree(pieces, 1).hashes(range)).toBe(null)
    const above = { ...range, baseLayer: 1, index: 2, proofLayers: 1 }
    expect(new MerkleTree(pieces, 1).hashes(above)).toEqual(tree.hashes(above))
  })

  test('hashes of a layer further up do not pass for those of this one', () => {
    const asked = { ...range, index: 0 }
    expect(verify(asked, halves)).toBe(false)
    expect(verify(asked, Buffer.concat([at(pieces, 0), at(pieces, 1), at(halves, 1)]))).toBe(false)
    expect(verify(asked, tree.hashes(asked))).toBe(true)
  })

  test('what proves only a part of the way is no proof', () => {
    const short = { ...range, proofLayers: 1 }
    expect(verify(short, tree.hashes(short))).toBe(false)
  })
})

test('beyond the end of a file, hashes are zeros, and what follows from them', () => {
  expect(padding(0)).toEqual(Buffer.alloc(32))
  expect(padding(1).toString('hex')).toBe('f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b')
  expect(padding(3)).toEqual(sha256(padding(2), padding(2)))
  padding(1).fill(7)
  expect(padding(1)[0]).toBe(0xf5)
})

test.each([
  [() => padding(65), 'ERR_OUT_OF_RANGE'],
  [() => rootOf(Buffer.alloc(0)), 'ERR_OUT_OF_RANGE'],
  [() => rootOf(Buffer.alloc(33)), 'ERR_OUT_OF_RANGE'],
  [() => rootOf('ab'), 'ERR_INVALID_ARG_TYPE'],
  [() => new MerkleTree(Buffer.alloc(32), -1), 'ERR_OUT_OF_RANGE'],
  [() => new MerkleTree(Buffer.alloc(64)).at(2, 0), 'ERR_OUT_OF_RANGE'],
  [() => new MerkleTree(Buffer.alloc(64)).at(0, -1), 'ERR_OUT_OF_RANGE'],
  [() => hashBlocks('ab'), 'ERR_INVALID_ARG_TYPE'],
  [() => verify({ piecesRoot: Buffer.alloc(32), baseLayer: 0, index: 1, length: 2, proofLayers: 0 }, Buffer.alloc(64)), 'ERR_OUT_OF_RANGE'],
  [() => verify(null, Buffer.alloc(64)), 'ERR_INVALID_ARG_TYPE']
])('bad input has a typed error: %#', (call, code) => {
  expect(call).toThrow(expect.objectContaining({ code }))
})
