'use strict'

/** What a wire is piped to: with listeners of its own, full, let go of, or lost. */

const path = require('node:path')
const { Duplex, PassThrough, Writable } = require('node:stream')
const { loadOurs, upstreamFile, upstreamUnderTest } = require('../helpers/wire')
const messages = require('./support/messages')
const { split, turn } = require('./support/peer')
const { INFO_HASH, PEER_IDS, close } = require('./support/pair')
const { play } = require('./support/scenario')

// The streamx that upstream, and webtorrent, sits on.
const streamx = require(require.resolve('streamx', { paths: [path.dirname(upstreamFile)] }))

const BLOCK = 16384
const CHILD = path.join(__dirname, 'destinations/child.js')
// streamx has no unpipe().
const testOurs = upstreamUnderTest ? test.skip : test

let Wire, wire

beforeAll(async () => { Wire = await loadOurs() })

beforeEach(() => { wire = new Wire() })

afterEach(() => close(wire.resume()))

/** A destination that keeps what it gets. */
class Sink extends Writable {
  constructor (options) {
    super(options)
    this.chunks = []
    /** To be called when a chunk may be done; null while none waits. */
    this.release = null
    this.isFull = false
  }

  _write (chunk, encoding, callback) {
    this.chunks.push(Buffer.from(chunk))
    if (this.isFull) this.release = callback
    else callback()
  }

  get told () {
    return split(Buffer.concat(this.chunks))
  }
}

const haves = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `have ${from + i}`)

describe('whose `pipe` handler listens for data', () => {
  const KINDS = {
    'a Writable': () => new Sink(),
    'a PassThrough': () => {
      const stream = new PassThrough()
      stream.chunks = []
      return stream.on('data', chunk => stream.chunks.push(chunk))
    },
    'a Writable of streamx': () => {
      const stream = new streamx.Writable({
        write (chunk, callback) {
          stream.chunks.push(chunk)
          callback(null)
        }
      })
      stream.chunks = []
      return stream
    }
  }

  test.each(Object.entries(KINDS))('%s: gets every byte once, and so does its listener', async (_, make) => {
    const destination = make()
    const seen = []
    destination.on('pipe', source => source.on('data', chunk => seen.push(chunk)))
    wire.pipe(destination)
    const expected = []
    for (let i = 0; i < 5; i++) {
      wire.have(i)
      wire.piece(i, 0, Buffer.alloc(BLOCK, 0xff))
      wire.have(100 + i)
      expected.push(`have ${i}`, `piece ${i} 0 ${BLOCK} of 255`, `have ${100 + i}`)
      await turn()
    }
    expect(split(Buffer.concat(destination.chunks))).toEqual(expected)
    expect(split(Buffer.concat(seen))).toEqual(expected)
  })

  testOurs('keeps its listener when it is unpiped', async () => {
    const destination = new Sink()
    const seen = []
    const listener = chunk => seen.push(chunk)
    destination.on('pipe', source => source.on('data', listener))
    wire.pipe(destination)
    wire.have(1)
    await turn()
    wire.unpipe(destination)
    expect(wire.listeners('data')).toEqual([listener])
    wire.resume()
    wire.have(2)
    await turn()
    expect(destination.told).toEqual(['have 1'])
    expect(split(Buffer.concat(seen))).toEqual(['have 1', 'have 2'])
  })

  test('the listeners that the wire had before get every byte once too', async () => {
    const seen = []
    wire.on('data', chunk => seen.push(chunk))
    const destination = new Sink()
    wire.pipe(destination)
    for (let i = 1; i <= 3; i++) wire.have(i)
    await turn()
    expect(destination.told).toEqual(haves(1, 3))
    expect(split(Buffer.concat(seen))).toEqual(haves(1, 3))
  })
})

describe('that is full', () => {
  const OPTIONS = { highWaterMark: 1 }

  testOurs('and unpiped: what was not yet written goes to the next one', async () => {
    const full = new Sink(OPTIONS)
    full.isFull = true
    const next = new Sink()
    wire.pipe(full)
    wire.have(1)
    await turn()
    for (let i = 2; i <= 10; i++) wire.have(i)
    await turn()
    wire.unpipe(full)
    wire.pipe(next)
    wire.have(11)
    await turn()
    expect([...full.told, ...next.told]).toEqual(haves(1, 11))
    expect(full.told.length).toBeLessThan(10)
    expect(next.told.at(-1)).toBe('have 11')
  })

  testOurs('and unpiped: a listener for data gets what comes', async () => {
    const full = new Sink(OPTIONS)
    full.isFull = true
    wire.pipe(full)
    wire.have(1)
    await turn()
    wire.unpipe(full)
    const seen = []
    wire.on('data', chunk => seen.push(chunk))
    wire.resume()
    for (let i = 2; i <= 5; i++) wire.have(i)
    await turn()
    expect(split(Buffer.concat(seen))).toEqual(haves(2, 5))
  })

  testOurs('and unpiped: its drain, when it comes, changes nothing', async () => {
    const full = new Sink(OPTIONS)
    full.isFull = true
    const other = new Sink(OPTIONS)
    wire.pipe(full)
    wire.have(1)
    await turn()
    wire.unpipe(full)
    other.isFull = true
    wire.pipe(other)
    wire.have(2)
    await turn()
    wire.have(3)
    full.release()
    await turn()
    // The other one is full still.
    expect(other.told).toEqual(['have 2'])
    other.isFull = false
    other.release()
    await turn()
    expect(other.told).toEqual(['have 2', 'have 3'])
    expect(full.told).toEqual(['have 1'])
  })

  testOurs('and unpiped, while there is another one: that one goes on', async () => {
    const full = new Sink(OPTIONS)
    full.isFull = true
    const other = new Sink()
    wire.pipe(full)
    wire.pipe(other)
    wire.have(1)
    await turn()
    wire.have(2)
    await turn()
    wire.unpipe(full)
    wire.have(3)
    await turn()
    expect(other.told).toEqual(haves(1, 3))
  })

  testOurs('and lost: the wire closes', async () => {
    const full = new Sink(OPTIONS)
    full.isFull = true
    wire.pipe(full)
    wire.have(1)
    await turn()
    wire.have(2)
    const closed = new Promise(resolve => wire.once('close', resolve))
    full.destroy()
    await closed
    expect(full.told).toEqual(['have 1'])
  })

  testOurs('while the wire closes: what was sent before goes out as it drains', async () => {
    const slow = new Sink(OPTIONS)
    slow.isFull = true
    const finished = new Promise(resolve => slow.once('finish', resolve))
    wire.pipe(slow)
    wire.have(1)
    await turn()
    for (let i = 2; i <= 5; i++) wire.have(i)
    wire.destroy()
    await turn()
    slow.isFull = false
    slow.release()
    await finished
    expect(slow.told).toEqual(haves(1, 5))
  })
})

testOurs('that unpipes itself in its write: the rest of the flush goes to the next one', async () => {
  const first = new Sink()
  first._write = function (chunk, encoding, callback) {
    wire.unpipe(first)
    Sink.prototype._write.call(first, chunk, encoding, callback)
  }
  const second = new Sink()
  wire.pipe(first)
  for (let i = 0; i < 3; i++) {
    wire.have(i)
    wire.piece(i, 0, Buffer.alloc(BLOCK, 0xff))
  }
  await turn()
  wire.pipe(second)
  wire.have(9)
  await turn()
  const expected = [0, 1, 2].flatMap(i => [`have ${i}`, `piece ${i} 0 ${BLOCK} of 255`])
  expect(split(Buffer.concat([...first.chunks, ...second.chunks]))).toEqual([...expected, 'have 9'])
})

testOurs.each([
  ['a Writable', () => new Sink()], ['a PassThrough', () => new PassThrough().resume()]
])('%s, piped to and unpiped 20 times: as many listeners as before, on both', async (_, make) => {
  const destination = make()
  const count = stream => Object.fromEntries(stream.eventNames().map(name => [name, stream.listenerCount(name)]))
  wire.pipe(destination)
  wire.have(0)
  await turn()
  wire.unpipe(destination)
  await turn()
  const before = [count(wire), count(destination)]
  for (let i = 1; i <= 20; i++) {
    wire.pipe(destination)
    wire.have(i)
    await turn()
    wire.unpipe(destination)
  }
  await turn()
  expect([count(wire), count(destination)]).toEqual(before)
  expect(destination.listenerCount('error')).toBe(0)
})

describe('whose error nobody hears', () => {
  // streamx never lets go of a destination.
  testOurs.each([
    'after unpipe', 'after 20 cycles of pipe and unpipe', 'after the wire has closed, with end: false'
  ])('%s: it is thrown to the process', async scenario => {
    const { uncaught, result } = await play(CHILD, scenario)
    expect(uncaught).toEqual(['of the destination'])
    expect(result.destroyed).toBe(scenario.includes('closed'))
  }, 30_000)

  test('while it is piped to: it closes the wire, and is thrown to nobody', async () => {
    expect(await play(CHILD, 'while it is piped to')).toEqual({ uncaught: [], result: { destroyed: true } })
  }, 30_000)
})

/**
 * A chain of promises ends in the loss of the connection, and no tick comes between: webtorrent's
 * does, from the last block to its own destroy(). What was sent at its beginning has left. Over uTP
 * it decides whether closing takes a half of a second or a half of a minute.
 */
describe('that is destroyed within the microtasks after the wire has sent', () => {
  const pass = () => new streamx.Transform({ transform: (chunk, callback) => callback(null, chunk) })

  test.each([
    ['conn.pipe(wire).pipe(conn)', conn => conn.pipe(wire).pipe(conn)],
    ['webtorrent\'s pipeline', conn => streamx.pipeline(conn, pass(), pass(), wire, pass(), pass(), conn)]
  ])('%s: it was written to it', async (_, connect) => {
    const chunks = []
    const conn = new Duplex({
      read () {},
      write (chunk, encoding, callback) {
        chunks.push(Buffer.from(chunk))
        callback()
      }
    })
    conn.on('error', () => {})
    wire.on('error', () => {})
    connect(conn)
    wire.handshake(INFO_HASH, PEER_IDS[0], { fast: true })
    conn.push(messages.handshake(INFO_HASH, PEER_IDS[1], { fast: true }))
    await turn()
    expect(split(Buffer.concat(chunks.splice(0)))).toEqual(['handshake'])

    await null
    wire.have(21)
    wire.interested()
    wire.piece(1, 0, Buffer.alloc(BLOCK, 1))
    expect(chunks).toEqual([]) // not inside of the calls
    for (let i = 0; i < 100; i++) await null
    const closed = new Promise(resolve => wire.once('close', resolve))
    conn.destroy()
    wire.destroy()
    expect(split(Buffer.concat(chunks))).toEqual(['have 21', 'interested', `piece 1 0 ${BLOCK} of 1`])
    await closed
  })
})
