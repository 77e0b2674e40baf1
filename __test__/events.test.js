'use strict'

/** Events of messages that come by the thousand are events like any other. */

const { execFileSync } = require('node:child_process')
const { EventEmitter } = require('node:events')
const path = require('node:path')
const { hasDomains, testIf } = require('./helpers/runtime')
const { ScriptedPeer, turn, close } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

const ROOT = path.join(__dirname, '..')
const LENGTH = 1000

let peer, wire

beforeEach(async () => {
  peer = await ScriptedPeer.connect({ fast: true, extended: true })
  wire = peer.wire
  wire.peerChoking = false
  wire.amChoking = false
})

afterEach(() => close(wire))

/** Has each of the events come once. */
async function play () {
  wire.request(1, 0, LENGTH, () => {})
  wire.write(messages.have(3))
  wire.write(messages.request(2, 0, LENGTH))
  wire.write(messages.piece(1, 0, Buffer.alloc(LENGTH)))
  wire.piece(2, 0, Buffer.alloc(LENGTH))
  wire.have(4)
  await turn()
}

const EVENTS = [
  ['have', 3], ['request', 2, 0, LENGTH], ['download', LENGTH], ['piece', 1, 0], ['upload', LENGTH]
]

describe.each(EVENTS)('%s', (event, ...values) => {
  test('reaches every listener, in order, with the wire as `this`', async () => {
    const calls = []
    wire.on(event, function (...got) { calls.push(['first', this, got.slice(0, values.length)]) })
    wire.once(event, function (...got) { calls.push(['once', this, got.slice(0, values.length)]) })
    wire.prependListener(event, function (...got) { calls.push(['before', this, got.slice(0, values.length)]) })
    await play()
    expect(calls).toEqual(['before', 'first', 'once'].map(name => [name, wire, values]))
  })

  test('reaches a sole listener, once only if it asked for that', async () => {
    const listener = jest.fn()
    wire.once(event, listener)
    await play()
    expect(listener).toHaveBeenCalledTimes(1)
    expect(listener.mock.calls[0].slice(0, values.length)).toEqual(values)
    expect(wire.listenerCount(event)).toBe(0)
  })

  test('goes through an `emit` that wraps the wire\'s, also where nobody listens', async () => {
    const seen = []
    const { emit } = wire
    wire.emit = function (name, ...got) {
      seen.push([name, ...got.slice(0, values.length)])
      return emit.call(this, name, ...got)
    }
    await play()
    expect(seen).toContainEqual([event, ...values])
  })

  test('has what an async listener rejects with captured, where that is asked for', async () => {
    EventEmitter.captureRejections = true
    try {
      const emitted = jest.spyOn(wire, 'emit')
      wire.on(event, () => {})
      await play()
      expect(emitted.mock.calls.map(([name]) => name)).toContain(event)
    } finally {
      EventEmitter.captureRejections = false
    }
  })
})

testIf(hasDomains).each(['before', 'after'])('listeners run in the domain of the wire: the module loaded %s this package', when => {
  const load = ['const domain = require("node:domain")', 'const Wire = require("./index.js")']
  if (when === 'after') load.reverse()
  const program = `
    ${load.join('\n')}
    const messages = require('./__test__/world/support/messages')
    const mine = domain.create()
    const wire = mine.run(() => new Wire())
    const seen = {}
    for (const event of ['have', 'request', 'download', 'piece', 'data', 'unchoke']) {
      wire.on(event, () => { seen[event] = process.domain === mine })
    }
    wire.write(messages.handshake('01'.repeat(20), '02'.repeat(20), { fast: true }))
    wire.handshake('01'.repeat(20), '02'.repeat(20), { fast: true })
    wire.unchoke()
    wire.write(messages.unchoke())
    wire.request(0, 0, 1, () => {})
    for (const bytes of [messages.have(1), messages.request(0, 0, 1), messages.piece(0, 0, Buffer.alloc(1))]) wire.write(bytes)
    setImmediate(() => process.stdout.write(JSON.stringify(seen)))`
  const seen = JSON.parse(execFileSync(process.execPath, ['-e', program], { cwd: ROOT, encoding: 'utf8' }))
  expect(seen).toEqual({ have: true, request: true, download: true, piece: true, data: true, unchoke: true })
})
