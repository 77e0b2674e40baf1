'use strict'

/** The wire as a stream: what is piped into it and what it is piped into. */

const { once } = require('node:events')
const net = require('node:net')
const path = require('node:path')
const { Duplex, PassThrough, Readable, Writable, pipeline, promises } = require('node:stream')
const { loadOurs, loadUpstream, upstreamFile, upstreamUnderTest } = require('../helpers/wire')
const messages = require('./support/messages')
const {
  INFO_HASH, PEER_IDS, close, pipeTogether, reached, request, shakeHands
} = require('./support/pair')

// The streamx that upstream, and webtorrent, sits on.
const streamx = require(require.resolve('streamx', { paths: [path.dirname(upstreamFile)] }))

const BLOCK = 16384
const testOurs = upstreamUnderTest ? test.skip : test

let Wire, Upstream

beforeAll(async () => {
  Wire = await loadOurs()
  Upstream = await loadUpstream()
})

describe('piped straight into another wire', () => {
  let pairs

  beforeEach(() => {
    pairs = [[Wire, Wire], [Wire, Upstream], [Upstream, Wire]].map(([A, B]) => [new A(), new B()])
    for (const [a, b] of pairs) pipeTogether(a, b)
  })

  afterEach(() => close(...pairs.flat()))

  test('the other emits nothing inside a sending call, and everything after it', async () => {
    for (const [a, b] of pairs) {
      const seen = []
      let sending = null
      for (const wire of [a, b]) {
        const emit = wire.emit
        wire.emit = function (event, ...args) {
          if (sending && sending.wire !== wire && PEER_EVENTS.includes(event)) {
            seen.push(`${event} inside of ${sending.name}()`)
          }
          if (PEER_EVENTS.includes(event)) seen.push(event)
          return emit.call(this, event, ...args)
        }
      }
      const send = (wire, name, ...args) => {
        sending = { wire, name }
        wire[name](...args)
        sending = null
      }

      send(a, 'handshake', INFO_HASH, PEER_IDS[0], { fast: true })
      // A listener that is added after the sending still hears of it.
      const heard = once(b, 'handshake')
      await heard
      send(b, 'handshake', INFO_HASH, PEER_IDS[1], { fast: true })
      await once(a, 'handshake')
      await reached(b, a)
      await reached(a, b)

      seen.length = 0
      send(a, 'haveAll')
      send(a, 'unchoke')
      send(a, 'interested')
      send(a, 'have', 1)
      send(a, 'port', 1)
      send(a, 'suggest', 1)
      send(a, 'allowedFast', 1)
      send(a, 'extended', 9, Buffer.from('x'))
      send(a, 'piece', 9, 0, Buffer.from('x'))
      send(a, 'uninterested')
      send(a, 'keepAlive')
      await once(b, 'keep-alive')
      expect(seen).toEqual([
        'upload', 'have-all', 'unchoke', 'interested', 'port', 'suggest', 'allowed-fast',
        'extended', 'download', 'piece', 'uninterested', 'keep-alive'
      ])

      seen.length = 0
      let respond
      a.once('request', (piece, offset, length, answer) => { respond = answer })
      send(b, 'request', 0, 0, 5, () => seen.push('callback'))
      await once(a, 'request')
      sending = { wire: a, name: 'respond' }
      respond(null, Buffer.from('12345'))
      sending = null
      await once(b, 'piece')
      send(b, 'request', 0, 0, 6, err => seen.push(err.message))
      send(b, 'cancel', 0, 0, 6)
      await once(a, 'cancel')
      send(a, 'choke')
      await once(b, 'choke')
      expect(seen.filter(event => event !== 'reject')).toEqual([
        'request', 'upload', 'callback', 'download', 'piece', 'request was cancelled', 'request',
        'cancel', 'choke'
      ])

      // Of a close, only the closing side hears at once.
      seen.length = 0
      send(a, 'destroy')
      expect(seen.filter(event => event.includes('inside'))).toEqual([])
      if (!b.destroyed) await once(b, 'close')
    }
  })

  test('what is sent in one go arrives in order', async () => {
    for (const [a, b] of pairs) {
      await shakeHands(a, b)
      const heard = []
      b.on('have', index => heard.push(index))
      b.on('piece', (piece, offset, block) => heard.push(-piece, block.length))
      for (let i = 1; i <= 300; i++) {
        a.have(i)
        if (i % 10 === 0) a.piece(i, 0, Buffer.alloc(BLOCK, i))
      }
      await reached(a, b)
      const expected = []
      for (let i = 1; i <= 300; i++) expected.push(i, ...i % 10 === 0 ? [-i, BLOCK] : [])
      expect(heard).toEqual(expected)
    }
  })

  test('closing one closes the other', async () => {
    for (const [a, b] of pairs) {
      await shakeHands(a, b)
      const events = Promise.all([a, b].flatMap(wire => {
        return ['finish', 'end', 'close'].map(event => once(wire, event))
      }))
      a.destroy()
      await events
    }
  })
})

test('a handshake is one chunk, and chunks are Uint8Arrays', async () => {
  const wire = new Wire()
  wire.handshake(INFO_HASH, PEER_IDS[0])
  const [chunk] = await once(wire, 'data')
  expect(chunk).toBeInstanceOf(Uint8Array)
  const expected = messages.handshake(INFO_HASH, PEER_IDS[0], { extended: true })
  expect(Buffer.from(chunk).equals(expected)).toBe(true)
  await close(wire)
})

test('read() and readable', async () => {
  const wire = new Wire()
  wire.unchoke()
  wire.interested()
  const got = []
  while (Buffer.concat(got).length < 10) {
    await once(wire, 'readable')
    for (let chunk; (chunk = wire.read()) !== null;) got.push(chunk)
  }
  const expected = Buffer.concat([messages.unchoke(), messages.interested()])
  expect(Buffer.concat(got).equals(expected)).toBe(true)
  await close(wire)
})

test('pause() holds what is sent, resume() lets it go', async () => {
  const wire = new Wire()
  const got = []
  wire.on('data', chunk => got.push(chunk))
  wire.pause()
  wire.have(1)
  await new Promise(resolve => setImmediate(resolve))
  wire.have(2)
  await new Promise(resolve => setImmediate(resolve))
  expect(got).toEqual([])
  wire.resume()
  const expected = Buffer.concat([messages.have(1), messages.have(2)])
  while (Buffer.concat(got).length < expected.length) await once(wire, 'data')
  expect(Buffer.concat(got).equals(expected)).toBe(true)
  await close(wire)
})

describe('async iteration', () => {
  test('gives what is sent and ends when the wire closes', async () => {
    const wire = new Wire()
    const sent = []
    const expected = []
    for (let i = 0; i < 50; i++) {
      wire.have(i)
      expected.push(messages.have(i))
    }
    for await (const chunk of wire) {
      sent.push(chunk)
      if (Buffer.concat(sent).length === 50 * 9) wire.destroy()
    }
    expect(Buffer.concat(sent).equals(Buffer.concat(expected))).toBe(true)
    expect(wire.destroyed).toBe(true)
  })

  test('left early, closes the wire and settles its requests', async () => {
    const wire = new Wire()
    const unchoked = once(wire, 'unchoke')
    wire.write(Buffer.concat([messages.handshake(INFO_HASH, PEER_IDS[1]), messages.unchoke()]))
    await unchoked
    const failed = []
    wire.request(0, 0, 1, err => failed.push(err.message))
    const wireClosed = closed(wire)
    const iterator = wire[Symbol.asyncIterator]()
    expect((await iterator.next()).done).toBe(false)
    await iterator.return() // what `break` does
    await wireClosed
    expect(failed).toEqual(['peer is choking'])
  })
})

describe('backpressure', () => {
  test('a slow destination gets every byte in order', async () => {
    const wire = new Wire()
    const got = []
    const slow = new Writable({
      highWaterMark: 1,
      write (chunk, encoding, callback) {
        got.push(Buffer.from(chunk))
        setImmediate(callback)
      }
    })
    wire.pipe(slow)
    const expected = []
    for (let i = 0; i < 100; i++) {
      const block = Buffer.alloc(BLOCK, i)
      wire.piece(i, 0, block)
      expected.push(messages.piece(i, 0, block))
    }
    while (got.reduce((sum, chunk) => sum + chunk.length, 0) < 100 * (BLOCK + 13)) {
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(Buffer.concat(got).equals(Buffer.concat(expected))).toBe(true)
    await close(wire)
  })

  test('piped into, it takes a chunk at a time and drains', async () => {
    const wire = new Wire()
    const haves = []
    wire.on('have', index => haves.push(index))
    const chunks = [messages.handshake(INFO_HASH, PEER_IDS[1])]
    for (let i = 0; i < 5000; i++) chunks.push(messages.have(i))
    const finished = once(wire, 'finish')
    Readable.from(chunks, { objectMode: false, highWaterMark: 64 }).pipe(wire)
    await finished
    expect(haves).toHaveLength(5000)
    expect(haves[4999]).toBe(4999)
    await close(wire)
  })
})

describe('pipe(destination)', () => {
  test('returns the destination', async () => {
    const wire = new Wire()
    const destination = new PassThrough()
    expect(wire.pipe(destination)).toBe(destination)
    await close(wire)
  })

  test.each([
    ['is destroyed', destination => destination.destroy()],
    ['fails', destination => destination.destroy(new Error('lost'))]
  ])('a destination that %s closes the wire', async (what, lose) => {
    const wire = new Wire()
    const events = []
    const destination = new Duplex({
      read () {},
      write (chunk, encoding, callback) { callback() }
    })
    destination.pipe(wire).pipe(destination)
    const unchoked = once(wire, 'unchoke')
    destination.push(messages.handshake(INFO_HASH, PEER_IDS[1]))
    destination.push(messages.unchoke())
    await unchoked
    const failed = []
    for (const event of ['finish', 'end', 'close', 'error']) {
      wire.on(event, () => events.push(event))
    }
    for (const i of [1, 2]) wire.request(i, 0, 1, err => failed.push([i, err.message]))
    const wireClosed = closed(wire)
    lose(destination)
    await wireClosed
    expect(events).toEqual(['finish', 'end', 'close'])
    expect(failed).toEqual([[2, 'peer is choking'], [1, 'peer is choking']])
  })

  // streamx has no unpipe().
  testOurs('unpipe() lets go of it: its loss does not close the wire any more', async () => {
    const wire = new Wire()
    const [first, second] = [new PassThrough(), new PassThrough()]
    wire.pipe(first)
    wire.have(1)
    expect(Buffer.from((await once(first, 'data'))[0]).equals(messages.have(1))).toBe(true)
    wire.unpipe(first)
    const gone = closed(first)
    first.on('error', () => {}).destroy(new Error('nobody minds'))
    await gone
    wire.pipe(second)
    wire.have(2)
    expect(Buffer.from((await once(second, 'data'))[0]).equals(messages.have(2))).toBe(true)
    wire.unpipe()
    await closed(second.destroy())
    expect(wire.destroyed).toBe(false)
    await close(wire)
  })
})

describe('in a pipeline', () => {
  let server, conns

  beforeEach(async () => {
    server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const outgoing = net.connect(server.address().port, '127.0.0.1')
    const [[incoming]] = await Promise.all([once(server, 'connection'), once(outgoing, 'connect')])
    conns = [outgoing.setNoDelay(), incoming.setNoDelay()]
    // A pipeline of streamx destroys all of its streams with the error of one, as webtorrent knows.
    for (const conn of conns) conn.on('error', () => {})
  })

  afterEach(async () => {
    server.close()
    await Promise.all(conns.map(conn => conn.closed || closed(conn.destroy())))
  })

  const pass = count => new streamx.Transform({
    transform (chunk, callback) {
      count(chunk.length)
      callback(null, chunk)
    }
  })

  /** As webtorrent's lib/peer.js does it: two transforms before the wire and two behind it. */
  function webtorrentPipeline (conn, wire, counts) {
    return streamx.pipeline(
      conn, pass(() => {}), pass(n => { counts.down += n }),
      wire, pass(() => {}), pass(n => { counts.up += n }), conn
    )
  }

  /** Asks for 64 blocks both ways and compares every byte. */
  async function exchange (a, b) {
    await shakeHands(a, b, { fast: true })
    for (const wire of [a, b]) {
      wire.on('request', (piece, offset, length, respond) => {
        respond(null, Buffer.alloc(length, piece))
      })
      wire.unchoke()
    }
    await Promise.all([reached(a, b), reached(b, a)])
    for (const wire of [a, b]) {
      const pieces = Array.from({ length: 64 }, (_, i) => i)
      const blocks = await Promise.all(pieces.map(i => request(wire, i, 0, BLOCK)))
      expect(Buffer.concat(blocks).equals(Buffer.concat(pieces.map(i => Buffer.alloc(BLOCK, i)))))
        .toBe(true)
    }
  }

  test.each(['this wire', 'upstream'])('of streamx with transforms, to %s', async other => {
    const Other = other === 'upstream' ? Upstream : Wire
    const wires = [new Wire('tcpOutgoing'), new Other('tcpIncoming')]
    const counts = [{ down: 0, up: 0 }, { down: 0, up: 0 }]
    const errors = []
    wires.forEach((wire, i) => {
      webtorrentPipeline(conns[i], wire, counts[i])
      wire.on('error', err => errors.push(err))
    })
    await exchange(...wires)
    expect(counts[0].down).toBe(counts[1].up)
    expect(counts[0].up).toBe(counts[1].down)
    expect(counts[0].up).toBeGreaterThan(64 * BLOCK)

    const allClosed = Promise.all([...wires, ...conns].map(closed))
    wires[0].destroy()
    await allClosed
    expect(errors).toEqual([])
  })

  test.each([
    ['the conn is reset', conns => conns[0].resetAndDestroy()],
    ['the conn is destroyed', conns => conns[0].destroy()],
    ['the conn fails', conns => conns[0].destroy(new Error('lost'))],
    ['the other end resets', conns => conns[1].resetAndDestroy()],
    ['the other end ends', conns => conns[1].end()]
  ])('of streamx with transforms, %s', async (what, lose) => {
    const wires = [new Wire('tcpOutgoing'), new Upstream('tcpIncoming')]
    const events = []
    const failed = []
    wires.forEach((wire, i) => webtorrentPipeline(conns[i], wire, { down: 0, up: 0 }))
    await shakeHands(...wires, { fast: true })
    wires[1].unchoke()
    await reached(wires[1], wires[0])
    for (const event of ['finish', 'end', 'close', 'error']) {
      wires[0].on(event, () => events.push(event))
    }
    for (const i of [1, 2, 3]) wires[0].request(i, 0, BLOCK, err => failed.push([i, err.message]))
    await reached(wires[0], wires[1])

    const wireClosed = closed(wires[0])
    lose(conns)
    await wireClosed
    expect(events).toEqual(['finish', 'end', 'close'])
    expect(failed).toEqual([3, 2, 1].map(i => [i, 'wire was closed']))
    await close(wires[1])
  })

  testOurs('of Node.js, to and fro', async () => {
    const wires = [new Wire('tcpOutgoing'), new Wire('tcpIncoming')]
    const done = wires.map((wire, i) => new Promise(resolve => {
      pipeline(conns[i], wire, conns[i], err => resolve(err))
    }))
    await exchange(...wires)
    const bothClosed = Promise.all(wires.map(closed))
    wires[0].destroy()
    await bothClosed
    await Promise.all(done)
  })

  testOurs('of Node.js, whose conn is lost', async () => {
    const wires = [new Wire('tcpOutgoing'), new Wire('tcpIncoming')]
    const done = wires.map((wire, i) => new Promise(resolve => {
      pipeline(conns[i], wire, conns[i], err => resolve(err))
    }))
    await shakeHands(...wires, { fast: true })
    wires[1].unchoke()
    await reached(wires[1], wires[0])
    const failed = []
    wires[0].request(0, 0, 1, err => failed.push(err.message))
    const bothClosed = Promise.all(wires.map(closed))
    conns[0].destroy(new Error('lost'))
    await bothClosed
    expect(failed).toEqual(['wire was closed'])
    expect((await Promise.all(done))[0]).toBeInstanceOf(Error)
  })

  test('of Node.js, with the wire as the last', async () => {
    const wire = new Wire()
    const haves = []
    wire.on('have', index => haves.push(index))
    wire.resume()
    const chunks = [messages.handshake(INFO_HASH, PEER_IDS[1]), messages.have(3), messages.have(4)]
    await promises.pipeline(Readable.from(chunks), wire)
    expect(haves).toEqual([3, 4])
    if (!wire.destroyed) await closed(wire)
  })
})

/** `once(stream, 'close')`, but an error before it is no failure. */
function closed (stream) {
  return new Promise(resolve => stream.once('close', resolve))
}

const PEER_EVENTS = [
  'handshake', 'choke', 'unchoke', 'interested', 'uninterested', 'have', 'bitfield', 'have-all',
  'have-none', 'suggest', 'allowed-fast', 'port', 'keep-alive', 'request', 'piece', 'cancel',
  'reject', 'extended', 'download', 'upload'
]
