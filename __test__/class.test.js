'use strict'

/** The class itself: what the package exports, and what a fresh wire is. */

const { once } = require('node:events')
const path = require('node:path')
const { Duplex } = require('node:stream')
const Wire = require('..')
const { loadUpstream } = require('./helpers/wire')
const { close } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

/** As the typings have it. */
const DEFAULT_HIGH_WATER_MARK = 384 * 1024

describe('the package', () => {
  test('require gives the class, with all else as its members', () => {
    expect(typeof Wire).toBe('function')
    expect(Wire.name).toBe('Wire')
    expect(Wire.default).toBe(Wire)
    expect(Wire.bencodeDecode(Buffer.from('li1ei2ee'))).toEqual([1, 2])
    expect(new Wire.WireError('ERR_INTERNAL', 'why')).toMatchObject({ code: 'ERR_INTERNAL', message: 'why', name: 'WireError' })
  })

  test('import gives the class, with all else by name', async () => {
    const module = await importOutside(path.join(__dirname, '../index.js'))
    expect(module.default.name).toBe('Wire')
    expect(module.default.default).toBe(module.default)
    expect(module.bencodeDecode).toBe(module.default.bencodeDecode)
    expect(module.WireError).toBe(module.default.WireError)
  })
})

describe('a fresh wire', () => {
  test('is a Duplex of Node.js', async () => {
    const wire = new Wire()
    expect(wire).toBeInstanceOf(Duplex)
    expect(wire.readableObjectMode || wire.writableObjectMode).toBe(false)
    await close(wire)
  })

  test('has the fields of upstream\'s', async () => {
    const Upstream = await loadUpstream()
    const fields = [
      'peerId', 'peerIdBuffer', 'type', 'amChoking', 'amInterested', 'peerChoking', 'peerInterested',
      'extensions', 'peerExtensions', 'requests', 'peerRequests', 'extendedMapping',
      'peerExtendedMapping', 'extendedHandshake', 'peerExtendedHandshake', 'hasFast',
      'allowedFastSet', 'peerAllowedFastSet', 'uploaded', 'downloaded', 'destroyed',
      '_cryptoHandshakeDone'
    ]
    const values = wire => Object.fromEntries(fields.map(field => [field, wire[field]]))
    for (const args of [[], ['webrtc'], ['tcpIncoming', 0], ['any text']]) {
      const wires = [new Wire(...args), new Upstream(...args)]
      expect(values(wires[0])).toEqual(values(wires[1]))
      expect(wires.map(wire => [wire.uploadSpeed(), wire.downloadSpeed()])).toEqual([[0, 0], [0, 0]])
      expect(wires.map(wire => [wire.peerPieces.length, wire.peerPieces.buffer.length])).toEqual([[0, 0], [0, 0]])
      await Promise.all(wires.map(close))
    }
  })

  test('has what upstream lacks', async () => {
    const wire = new Wire()
    expect(wire.closeReason).toBe(null)
    expect(wire.unsolicited).toEqual({ pieces: 0, bytes: 0 })
    expect(wire.highWaterMark).toBe(DEFAULT_HIGH_WATER_MARK)
    expect(Wire.nativeRC4).toBe(true)
    await close(wire)
  })

  test('has a name of its own in logs', async () => {
    const wires = [new Wire(), new Wire()]
    expect(wires[0]._debugId).toMatch(/^[0-9a-f]{8}$/)
    expect(wires[0]._debugId).toBe(wires[0]._debugId)
    expect(wires[0]._debugId).not.toBe(wires[1]._debugId)
    await Promise.all(wires.map(close))
  })
})

describe('a subclass', () => {
  class WebConn extends Wire {
    constructor (url) {
      super()
      this.url = url
      this.connId = url
      this.isSeeder = true
      this.remotePort = 80
      this._torrent = { pieces: [] }
      this._onClose = () => {}
      this.on('interested', () => this.unchoke())
    }
  }

  test('adds fields and needs no handshake', async () => {
    const wire = new WebConn('http://127.0.0.1/')
    expect(wire).toBeInstanceOf(Wire)
    expect(wire).toMatchObject({ url: 'http://127.0.0.1/', isSeeder: true, type: '', amChoking: true })

    const chunks = []
    wire.on('data', chunk => chunks.push(chunk))
    wire.extended('handshake' in wire.peerExtendedMapping ? 'handshake' : 0, { a: 1 })
    wire.have(3)
    wire.resume()
    await new Promise(resolve => setImmediate(resolve))
    expect(Buffer.concat(chunks)).toEqual(Buffer.concat([
      messages.extended(0, Buffer.from('d1:ai1ee')), messages.have(3)
    ]))
    await close(wire)
  })

  test('may override what the peer\'s messages and the stream call', async () => {
    const log = []
    class Overriding extends Wire {
      _debug () {}

      destroy () {
        log.push('destroy')
        return super.destroy()
      }

      keepAlive () {
        log.push('keepAlive')
        super.keepAlive()
      }
    }
    const wire = new Overriding()
    wire.resume()
    wire.keepAlive()
    wire.write(Buffer.from('no handshake at all'))
    await once(wire, 'close')
    expect(log).toEqual(['keepAlive', 'destroy'])
  })
})

describe('options', () => {
  const numbers = ['maxMessageLength', 'maxPieces', 'maxPeerRequests', 'reqq', 'highWaterMark']

  test.each([[undefined], [null], [{}], [{ maxPieces: undefined, somethingElse: 1 }]])('%j means the defaults', async options => {
    const wire = new Wire('', 0, options)
    expect(wire.highWaterMark).toBe(DEFAULT_HIGH_WATER_MARK)
    await close(wire)
  })

  test.each(['text', 1, true, Symbol('options')])('%p are none', options => {
    expect(() => new Wire('', 0, options)).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }))
  })

  test.each(numbers)('%s is a number within bounds', name => {
    for (const value of ['1', null, 1n, {}]) {
      expect(() => new Wire('', 0, { [name]: value })).toThrow(expect.objectContaining({
        name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining(name)
      }))
    }
    for (const value of [0, -1, 1.5, NaN, Infinity, 2 ** 31]) {
      expect(() => new Wire('', 0, { [name]: value })).toThrow(expect.objectContaining({
        name: 'RangeError', code: 'ERR_OUT_OF_RANGE', message: expect.stringContaining(name)
      }))
    }
  })

  test('are not kept: changing them later changes nothing', async () => {
    const options = { highWaterMark: 1000 }
    const wire = new Wire('', 0, options)
    options.highWaterMark = 5
    expect(wire.highWaterMark).toBe(1000)
    await close(wire)
  })
})
