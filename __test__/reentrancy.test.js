'use strict'

/** What handlers may do: throw, close the wire, write to it, and transfer payloads away. */

const { execFile } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { promisify } = require('node:util')
const { Random, seed } = require('./helpers/random')
const { ScriptedPeer, turn, close } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

let peer, wire

beforeEach(async () => {
  peer = await ScriptedPeer.connect({ fast: true, extended: true })
  wire = peer.wire
})

afterEach(() => close(wire))

/** A message, its event, and whether its handler has arguments. */
const EVENTS = [
  ['keep-alive', messages.keepAlive()],
  ['unchoke', messages.unchoke()],
  ['choke', messages.choke()],
  ['interested', messages.interested()],
  ['uninterested', messages.uninterested()],
  ['have', messages.have(100)],
  ['bitfield', messages.bitfield(Buffer.from([1]))],
  ['request', messages.request(0, 0, 1)],
  ['piece', messages.piece(0, 0, Buffer.from('x'))],
  ['download', messages.piece(0, 0, Buffer.from('x'))],
  ['cancel', messages.cancel(0, 0, 1)],
  ['port', messages.port(1)],
  ['suggest', messages.suggest(1)],
  ['have-all', messages.haveAll()],
  ['have-none', messages.haveNone()],
  ['reject', messages.reject(0, 0, 1)],
  ['allowed-fast', messages.allowedFast(1)],
  ['extended', messages.extended(5, Buffer.from('x'))],
  ['extended', messages.extended(0, Buffer.from('de'))],
  ['unknownmessage', messages.message(99)]
]

describe('a listener that throws', () => {
  test.each(EVENTS)('%s: surfaces once, and the next messages come', async (event, bytes) => {
    wire.unchoke()
    const log = peer.note('port')
    wire.once(event, () => { throw new Error('from the listener') })
    const callbacks = []
    expect(() => wire.write(Buffer.concat([bytes, messages.port(2), messages.port(3)]), () => callbacks.push('written')))
      .toThrow('from the listener')
    peer.say(messages.port(4))
    await turn()
    // Its own listener, noted before the one that throws, has heard port 1.
    expect(log.map(([, port]) => port).filter(port => port > 1)).toEqual([2, 3, 4])
    expect(callbacks).toEqual(['written'])
  })

  test('in a run of haves: each comes once', async () => {
    const seen = []
    wire.on('have', index => {
      seen.push(index)
      if (index % 10 === 5) throw new Error(`from have ${index}`)
    })
    const bytes = Buffer.concat(Array.from({ length: 10 }, (_, i) => messages.have(i)))
    expect(() => wire.write(bytes)).toThrow('from have 5')
    await turn()
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(wire.peerPieces.get(9)).toBe(true)
  })

  test('in a request\'s callback: it is counted, and the events come', async () => {
    const log = peer.note('download', 'piece', 'port')
    peer.say(messages.unchoke())
    wire.request(1, 2, 3, () => { throw new Error('from the callback') })
    expect(() => peer.say(messages.piece(1, 2, Buffer.from('abc')), messages.port(9))).toThrow('from the callback')
    await turn()
    expect(log).toEqual([['download', 3], ['piece', 1, 2, Buffer.from('abc')], ['port', 9]])
    expect([wire.downloaded, wire.requests]).toEqual([3, []])
  })

  test('of upload: the block is sent', async () => {
    wire.once('upload', () => { throw new Error('from the listener') })
    expect(() => wire.piece(1, 2, Buffer.from('abc'))).toThrow('from the listener')
    expect(await peer.heard()).toEqual(messages.piece(1, 2, Buffer.from('abc')))
    expect(wire.uploaded).toBe(3)
  })

  test.each(['uninterested', 'choke', 'finish', 'end'])('of %s while closing: the wire closes', async event => {
    const script = `
      const Wire = require(${JSON.stringify(path.join(__dirname, '..'))})
      const wire = new Wire()
      wire.resume()
      const log = []
      process.on('uncaughtException', error => log.push(error.message))
      wire.once('${event}', () => { throw new Error('from ${event}') })
      wire.on('close', () => log.push('close'))
      process.on('exit', () => console.log(log.join()))
      setImmediate(() => wire.destroy())
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script])
    expect(stdout.trim().split(',').sort()).toEqual(['close', `from ${event}`])
  })

  test('of data, when the last leaves: open requests are called back all the same', async () => {
    const script = `
      const Wire = require(${JSON.stringify(path.join(__dirname, '..'))})
      const messages = require(${JSON.stringify(path.join(__dirname, 'world/support/messages'))})
      const wire = new Wire('tcpOutgoing')
      const log = []
      process.on('uncaughtException', error => log.push(error.message))
      wire.on('data', () => { throw new Error('from data') })
      wire.on('close', () => log.push('close'))
      const greeting = ['aa'.repeat(20), 'bb'.repeat(20), { fast: true }]
      wire.handshake(...greeting)
      wire.write(Buffer.concat([messages.handshake(...greeting), messages.unchoke()]))
      wire.request(0, 0, 1, error => log.push(error.message))
      wire.pause()
      process.on('exit', () => console.log(log.join()))
      setImmediate(() => {
        wire.destroy()
        wire.resume()
      })
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script])
    expect(stdout.trim().split(',').filter(line => line !== 'from data')).toEqual(['wire was closed', 'close'])
  })

  test('of a request that waited until its answer could be read: it is no error of the wire', async () => {
    const script = `
      const Wire = require(${JSON.stringify(path.join(__dirname, '..'))})
      const messages = require(${JSON.stringify(path.join(__dirname, 'world/support/messages'))})
      const wire = new Wire('tcpIncoming', 0, { highWaterMark: 16384 })
      const log = []
      let firstToWait
      process.on('uncaughtException', error => log.push(error.message))
      wire.on('error', () => log.push('error'))
      wire.on('request', (piece, offset, length, respond) => {
        log.push(piece)
        respond(null, Buffer.alloc(length))
        if (piece === firstToWait) throw new Error('from request')
      })
      wire.unchoke()
      wire.write(Buffer.concat([
        messages.handshake('aa'.repeat(20), 'bb'.repeat(20)),
        ...Array.from({ length: 20 }, (_, piece) => messages.request(piece, 0, 16384))
      ]))
      setImmediate(() => {
        firstToWait = log.splice(0).length
        while (wire.read() !== null);
      })
      process.on('exit', () => console.log(firstToWait > 0, log.slice(0, 3).map(line => line >= 0 ? line - firstToWait : line).join(), wire.errored))
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script])
    expect(stdout.trim()).toBe('true 0,from request,1 null')
  })

  test('with a socket it is an uncaughtException, once, and the connection goes on', async () => {
    const script = `
      const net = require('node:net')
      const Wire = require(${JSON.stringify(path.join(__dirname, '..'))})
      const log = []
      process.on('uncaughtException', error => log.push(error.message))
      const server = net.createServer(socket => {
        const wire = new Wire('tcpIncoming')
        socket.pipe(wire).pipe(socket)
        wire.on('have', index => {
          log.push(index)
          if (index === 1) throw new Error('from have 1')
          if (index === 3) wire.destroy()
        })
        wire.on('close', () => server.close())
      }).listen(0, '127.0.0.1', () => {
        const wire = new Wire('tcpOutgoing')
        const socket = net.connect(server.address().port, '127.0.0.1')
        socket.pipe(wire).pipe(socket)
        wire.handshake('aa'.repeat(20), 'bb'.repeat(20))
        for (const index of [0, 1, 2, 3]) wire.have(index)
      })
      process.on('exit', () => console.log(log.join()))
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script])
    expect(stdout.trim()).toBe('0,1,from have 1,2,3')
  })
})

describe('destroy() in a handler', () => {
  test.each(EVENTS)('of %s: nothing comes after it', async (event, bytes) => {
    wire.unchoke()
    const names = [...new Set(EVENTS.map(([name]) => name))]
    const log = []
    wire.once(event, () => {
      for (const name of names) wire.on(name, () => log.push(name))
      wire.destroy()
      log.push('destroyed')
    })
    const closed = new Promise(resolve => wire.once('close', resolve))
    let isWritten = false
    wire.write(Buffer.concat([bytes, ...EVENTS.map(([, bytes]) => bytes)]), () => { isWritten = true })
    await closed
    // What destroy() itself emits.
    expect(log).toEqual(['uninterested', 'choke', 'destroyed'])
    expect(isWritten).toBe(true)
  })

  test('in a request\'s callback', async () => {
    const log = peer.note('download', 'piece', 'have')
    peer.say(messages.unchoke())
    wire.request(0, 0, 1, () => wire.destroy())
    peer.say(messages.piece(0, 0, Buffer.from('x')), messages.have(1))
    await once(wire, 'close')
    expect(log).toEqual([])
    expect(wire.downloaded).toBe(1)
  })

  test('in an extension', async () => {
    class Extension {
      onMessage () { wire.destroy() }
    }
    Extension.prototype.name = 'ut_test'
    wire.use(Extension)
    const log = peer.note('extended', 'have')
    peer.say(messages.extended(1, Buffer.from('x')), messages.have(1))
    await once(wire, 'close')
    expect([log, wire.closeReason]).toEqual([[], null])
  })
})

describe('writing in a handler', () => {
  test('is taken after what came before it', () => {
    const log = peer.note('have', 'port')
    wire.once('have', () => wire._write(messages.port(7), () => log.push('written')))
    peer.say(messages.have(1), messages.have(2))
    expect(log).toEqual([['have', 1], ['have', 2], ['port', 7], 'written'])
  })

  test('many times over', async () => {
    const log = []
    wire.on('port', port => {
      log.push(port)
      if (port < 500) peer.say(messages.port(port + 1))
    })
    peer.say(messages.port(1))
    for (let i = 0; i < 100 && log.length < 500; i++) await turn()
    expect(log).toEqual(Array.from({ length: 500 }, (_, i) => i + 1))
  })
})

describe('other wires in a handler', () => {
  test('do not disturb this one', async () => {
    const other = await ScriptedPeer.connect({ fast: true, extended: true })
    const log = []
    other.wire.on('piece', (piece, offset, block) => log.push(['other', piece, block.toString()]))
    other.wire.on('have', index => log.push(['other', index]))
    wire.on('piece', (piece, offset, block) => {
      other.say(messages.piece(piece + 10, 0, Buffer.from('other')), messages.have(piece), messages.have(piece + 100))
      log.push([piece, block.toString()])
    })
    wire.on('have', index => {
      other.wire.have(index)
      other.wire.statistics // eslint-disable-line no-unused-expressions
      other.say(messages.have(index))
      log.push(index)
    })
    peer.say(messages.piece(1, 0, Buffer.from('first')), messages.have(3), messages.have(4), messages.piece(2, 0, Buffer.from('second')))
    expect(log).toEqual([
      ['other', 11, 'other'], ['other', 1], ['other', 101], [1, 'first'],
      ['other', 3], 3, ['other', 4], 4,
      ['other', 12, 'other'], ['other', 2], ['other', 102], [2, 'second']
    ])
    await close(other.wire)
  })
})

describe('a payload\'s memory', () => {
  const block = (piece, length = 1000) => Buffer.alloc(length, 65 + piece)

  /** Transfers the memory of a payload away, as `postMessage` does. */
  const transfer = payload => structuredClone(payload.buffer, { transfer: [payload.buffer] })

  test('transferred away later harms nothing', async () => {
    const kept = []
    wire.on('piece', (piece, offset, payload) => kept.push(payload))
    const chunk = Buffer.alloc(3039)
    Buffer.concat([1, 2, 3].map(piece => messages.piece(piece, 0, block(piece)))).copy(chunk)
    wire.write(chunk)
    transfer(kept[0])
    const log = peer.note('have')
    peer.say(messages.have(1))
    expect(log).toHaveLength(1)
  })

  test('transferred away by anyone at any time: payloads come whole, or the wire closes for it', async () => {
    const number = seed()
    const random = new Random(number)
    const pool = random.bytes(100_000)
    const anyBlock = () => {
      const start = random.below(30_000)
      return pool.subarray(start, start + random.pick([0, 1, 16, 100, 3000, 5000, 16384, 20000, 70000]))
    }
    for (let round = 0; round < 20; round++) {
      const { wire } = await ScriptedPeer.connect()
      const blocks = Array.from({ length: 30 }, anyBlock)
      const bytes = Buffer.concat(blocks.map((bytes, piece) => messages.piece(piece, 0, bytes)))
      const kept = []
      const transferAny = () => {
        const payload = random.pick(kept)
        if (payload.length > 0) transfer(payload)
      }
      wire.on('piece', (piece, offset, payload) => {
        if (piece !== kept.length || !payload.equals(blocks[piece])) throw new Error(`piece ${piece} (TEST_SEED=${number})`)
        kept.push(payload)
        if (random.below(20) === 0) transferAny()
      })
      for (let at = 0; at < bytes.length && wire.closeReason === null;) {
        const chunk = Buffer.alloc(Math.min(1 + random.below(random.pick([10, 2000, 20000, 70000])), bytes.length - at))
        bytes.copy(chunk, 0, at)
        at += chunk.length
        wire.write(chunk)
        if (kept.length > 0 && random.below(3) === 0) transferAny()
      }
      if (wire.closeReason === null) expect([number, kept.length]).toEqual([number, blocks.length])
      else expect([number, wire.closeReason.code]).toEqual([number, 'ERR_CHUNK_DETACHED'])
      await close(wire)
    }
  })

  test('changed by the handler changes nothing else', () => {
    const seen = []
    wire.on('piece', (piece, offset, payload) => {
      seen.push(payload.equals(block(piece)))
      payload.fill(0)
    })
    peer.say(messages.piece(1, 0, block(1)), messages.piece(2, 0, block(2)))
    expect(seen).toEqual([true, true])
  })

  test('a chunk that its owner detaches in a handler is a violation, not a crash', async () => {
    const chunk = Buffer.alloc(2026)
    Buffer.concat([messages.piece(1, 0, block(1)), messages.piece(2, 0, block(2))]).copy(chunk)
    const events = peer.note('piece', 'violation')
    wire.once('piece', () => structuredClone(chunk.buffer, { transfer: [chunk.buffer] }))
    const closed = new Promise(resolve => wire.once('close', resolve))
    wire.write(chunk)
    await closed
    expect(events.map(([event]) => event)).toEqual(['piece', 'violation'])
    expect(wire.closeReason.code).toBe('ERR_CHUNK_DETACHED')
  })
})
