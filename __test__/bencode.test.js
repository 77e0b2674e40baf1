'use strict'

const { execFileSync } = require('node:child_process')
const path = require('node:path')
const v8 = require('node:v8')

const { encode } = require('../lib/bencode')
const { Random, seed } = require('./helpers/random')

const text = (value) => encode(value).toString('latin1')

describe('encode', () => {
  test.each([
    ['a string', 'spam', '4:spam'],
    ['an empty string', '', '0:'],
    ['a string in UTF-8, counted in bytes', 'é€😀', '9:\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80'],
    ['a Buffer', Buffer.from([0, 255]), '2:\x00\xff'],
    ['a typed array, by its bytes', Uint16Array.of(0x4141), '2:AA'],
    ['a view of a part', new Uint8Array([1, 65, 66, 1]).subarray(1, 3), '2:AB'],
    ['a DataView', new DataView(new ArrayBuffer(1)), '1:\x00'],
    ['an ArrayBuffer', new ArrayBuffer(2), '2:\x00\x00'],
    ['zero', 0, 'i0e'],
    ['negative zero', -0, 'i0e'],
    ['a negative number', -42, 'i-42e'],
    ['a fraction, cut off', 1.9, 'i1e'],
    ['a negative fraction, cut off', -0.5, 'i0e'],
    ['a large number, without an exponent', 1e21, 'i1000000000000000000000e'],
    ['a BigInt', -(2n ** 64n), 'i-18446744073709551616e'],
    ['true', true, 'i1e'],
    ['false', false, 'i0e'],
    ['an array', ['a', 1, []], 'l1:ai1elee'],
    ['an array with nothing in places', [null, 1, undefined], 'li1ee'],
    ['a Set', new Set(['a', null, 1]), 'l1:ai1ee'],
    ['an object, sorted', { b: 1, a: 'x', aa: 2 }, 'd1:a1:x2:aai2e1:bi1ee'],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), 'd1:ai1ee'],
    ['an own key __proto__', JSON.parse('{"__proto__":1}'), 'd9:__proto__i1ee'],
    ['entries that are nothing', { a: null, b: undefined, c: 0 }, 'd1:ci0ee'],
    ['a Map, sorted', new Map([['b', 1], [1, 2]]), 'd1:1i2e1:bi1ee'],
    ['a Map with keys that are bytes', new Map([[Buffer.from([255]), 1], ['a', 2]]), 'd1:ai2e1:\xffi1ee'],
    ['boxed values', [Object('a'), Object(1), Object(false), Object(5n)], 'l1:ai1ei0ei5ee'],
    ['null', null, ''],
    ['undefined', undefined, '']
  ])('%s', (_, value, expected) => {
    expect(text(value)).toBe(expected)
  })

  test('gives a Buffer with a copy of the bytes', () => {
    const bytes = Buffer.from('abc')
    const encoded = encode([bytes])
    bytes.fill(0)
    expect(Buffer.isBuffer(encoded)).toBe(true)
    expect(encoded.toString()).toBe('l3:abce')
  })

  test('sorts keys as raw bytes, not as UTF-16', () => {
    // UTF-16 puts the first half of the emoji, D83D, before U+FF5E; UTF-8 puts F0 after EF.
    expect(text({ '😀': 1, '～': 2 })).toBe('d3:\xef\xbd\x9ei2e4:\xf0\x9f\x98\x80i1ee')
  })

  test('the same value twice is no cycle', () => {
    const shared = { a: [1] }
    expect(text([shared, shared, { shared }])).toBe('ld1:ali1eeed1:ali1eeed6:sharedd1:ali1eeeee')
  })
})

describe('what has no bencode throws a TypeError', () => {
  const cyclicArray = []
  cyclicArray.push([cyclicArray])
  const cyclicObject = { a: {} }
  cyclicObject.a.b = cyclicObject
  const cyclicMap = new Map()
  cyclicMap.set('a', new Set([cyclicMap]))
  let deep = []
  for (let level = 0; level < 100000; level++) deep = [deep]
  // 40 levels, each holding the one below twice: 2 ** 40 values.
  let wide = []
  for (let level = 0; level < 40; level++) wide = [wide, wide]

  test.each([
    ['NaN', NaN, 'NaN'],
    ['an infinity', [-Infinity], '-Infinity'],
    ['boxed NaN', Object(NaN), 'NaN'],
    ['a function', { a () {} }, 'function'],
    ['a symbol', [Symbol('a')], 'symbol'],
    ['a symbol as a key', new Map([[Symbol('a'), 1]]), 'symbol as a key'],
    ['two equal keys', new Map([[1, 1], ['1', 2]]), 'the key "1" twice'],
    ['an array that contains itself', cyclicArray, 'contains itself'],
    ['an object that contains itself', cyclicObject, 'contains itself'],
    ['a Map that contains itself', cyclicMap, 'contains itself'],
    ['100,000 levels', deep, '512 levels'],
    ['2 ** 40 values', wide, '1048576 values'],
    ['2 ** 32 - 1 holes', new Array(2 ** 32 - 1), '1048576 values']
  ])('%s', (_, value, message) => {
    expect(() => encode(value)).toThrow(TypeError)
    expect(() => encode(value)).toThrow(message)
  })

  test('a detached ArrayBuffer', () => {
    const buffer = new ArrayBuffer(8)
    const view = new Uint8Array(buffer)
    structuredClone(buffer, { transfer: [buffer] })
    // The error is Node's own, of another realm than jest's.
    for (const value of [buffer, view]) {
      expect(() => encode(value)).toThrow(expect.objectContaining({ name: 'TypeError' }))
    }
  })
})

test('random values are encoded as by bencode 4', () => {
  const start = seed()
  const random = new Random(start)
  const values = Array.from({ length: 2000 }, () => randomValue(random, 4))
  const theirs = v8.deserialize(execFileSync(
    process.execPath,
    [path.join(__dirname, 'helpers', 'bencode-upstream.mjs')],
    { input: v8.serialize(values), maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'inherit'] }
  ))
  expect(theirs).toHaveLength(values.length)
  values.forEach((value, index) => {
    if (Buffer.compare(encode(value), theirs[index]) !== 0) {
      throw new Error(`TEST_SEED=${start}: value ${index} differs:\n` +
        `ours   ${text(value)}\ntheirs ${theirs[index].toString('latin1')}`)
    }
  })
})

const CHARACTERS = ['a', 'b', 'Z', '0', '9', ' ', ':', 'é', '\u0000', '\uffff', '€', '😀', '\ud800']

/** Any value that bencode 4 encodes without loss; keys sort alike as UTF-16 and as bytes. */
function randomValue (random, depth) {
  const scalars = [
    () => randomString(random),
    () => random.bytes(random.below(30)),
    () => new Uint32Array(random.below(4)).fill(random.next()),
    () => new Uint8Array(random.bytes(5)).buffer,
    () => random.below(1000) - 500,
    () => (random.next() - 0x80000000) * random.pick([1, 0x100000, 0x10000000000]),
    () => (random.next() - 0x80000000) / random.pick([3, 1024, 1e9]),
    () => random.pick([true, false, null, undefined, 0, -0, Number.MAX_SAFE_INTEGER, 2 ** 70]),
    () => Object(random.pick(['boxed', 7, true, false]))
  ]
  if (depth === 0) return random.pick(scalars)()

  const items = () => Array.from({ length: random.below(6) }, () => randomValue(random, depth - 1))
  const keys = () => [...new Set(Array.from({ length: random.below(6) }, () => randomKey(random)))]
  return random.pick([
    ...scalars,
    items,
    () => new Set(items()),
    () => Object.fromEntries(keys().map((key) => [key, randomValue(random, depth - 1)])),
    () => new Map(keys().map((key) => [
      random.below(3) ? key : Buffer.from(key),
      randomValue(random, depth - 1)
    ]))
  ])()
}

function randomString (random) {
  return Array.from({ length: random.below(12) }, () => random.pick(CHARACTERS)).join('')
}

function randomKey (random) {
  return Array.from({ length: random.below(4) }, () => random.pick(['a', 'b', 'Z', '1', '20', 'é', '€'])).join('')
}
