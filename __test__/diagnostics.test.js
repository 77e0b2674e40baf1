'use strict'

/** What happens to wires, as `node:diagnostics_channel` tells it. */

const { execFileSync } = require('node:child_process')
const { channel, subscribe, unsubscribe } = require('node:diagnostics_channel')
const path = require('node:path')

const { ScriptedPeer, close, turn, INFO_HASH, OUR_ID, PEER_ID } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

const NAMES = ['open', 'handshake', 'violation', 'close'].map(name => `bittorrent-protocol-native:${name}`)

const subscribers = []
let log

beforeEach(() => {
  log = []
  for (const name of NAMES) {
    const subscriber = (payload, name) => log.push([name.split(':')[1], payload])
    subscribers.push([name, subscriber])
    subscribe(name, subscriber)
  }
})

afterEach(() => {
  for (const [name, subscriber] of subscribers.splice(0)) unsubscribe(name, subscriber)
})

test('a life: open, handshake, violation, close', async () => {
  const peer = new ScriptedPeer({ type: 'tcpIncoming' })
  const { wire } = peer
  wire.on('handshake', () => log.push(['event']))
  wire.on('violation', () => log.push(['event']))
  wire.on('close', () => log.push(['event']))
  wire.handshake(INFO_HASH, OUR_ID)
  peer.say(messages.handshake(INFO_HASH, PEER_ID, { fast: true }), messages.message(1, Buffer.from('too long')))
  await turn()
  expect(log).toEqual([
    ['open', { wire, type: 'tcpIncoming' }],
    ['handshake', { wire, infoHash: INFO_HASH, peerId: PEER_ID, extensions: { dht: false, fast: true, extended: false } }],
    ['event'],
    ['violation', { wire, error: expect.objectContaining({ name: 'WireError', code: 'ERR_BAD_LENGTH' }) }],
    ['event'],
    ['close', { wire, reason: wire.closeReason, statistics: wire.statistics }],
    ['event']
  ])
  expect(wire.statistics.received.byMessage.handshake).toBe(1)
})

test('one that nobody did wrong closes without a reason', async () => {
  const peer = await ScriptedPeer.connect()
  await close(peer.wire)
  expect(log.map(([name]) => name)).toEqual(['open', 'handshake', 'close'])
  expect(log[2][1].reason).toBe(null)
})

test('without a subscriber nothing is made', async () => {
  for (const [name, subscriber] of subscribers.splice(0)) unsubscribe(name, subscriber)
  const published = jest.spyOn(Object.getPrototypeOf(channel('any')), 'publish')
  const peer = await ScriptedPeer.connect()
  const statistics = jest.spyOn(Object.getPrototypeOf(peer.wire), 'statistics', 'get')
  peer.say(messages.message(1, Buffer.from('too long')))
  await close(peer.wire)
  expect(published).not.toHaveBeenCalled()
  // Once, for what stays readable.
  expect(statistics).toHaveBeenCalledTimes(1)
  published.mockRestore()
  statistics.mockRestore()
})

test('who subscribes before the package is loaded sees no wires but those of the application', () => {
  const program = `
    const { subscribe } = require('node:diagnostics_channel')
    const seen = []
    for (const name of ${JSON.stringify(NAMES)}) subscribe(name, () => seen.push(name))
    const Wire = require('./index.js')
    for (const name of ['v3', 'peer-wire-protocol', 'bittorrent-wire']) require('./compat/' + name + '.js')
    setTimeout(() => {
      const before = seen.length
      new Wire()
      process.stdout.write(JSON.stringify([before, seen, Wire.census().length]))
    })`
  const output = execFileSync(process.execPath, ['--eval', program], { cwd: path.join(__dirname, '..'), encoding: 'utf8' })
  expect(JSON.parse(output)).toEqual([0, [NAMES[0]], 1])
})
