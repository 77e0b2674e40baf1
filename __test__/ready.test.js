'use strict'

/** `wire.ready`: the end of the handshakes. */

const Wire = require('..')
const { ScriptedPeer, close, turn, INFO_HASH, OUR_ID, PEER_ID } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

const EXTENDED = messages.extended(0, messages.bencode({ m: {} }))

let peer, wire

beforeEach(() => {
  peer = new ScriptedPeer()
  wire = peer.wire
})

afterEach(() => close(wire))

/** What has become of a promise. */
async function stateOf (promise) {
  await turn()
  const pending = Symbol('pending')
  return Promise.race([promise, pending]).then(value => value === pending ? 'pending' : 'ready', error => error.code)
}

const theirs = extended => messages.handshake(INFO_HASH, PEER_ID, { extended })

test.each(['ours first', 'theirs first'])('is both handshakes, of a peer without BEP 10: %s', async order => {
  const { ready } = wire
  const steps = [() => wire.handshake(INFO_HASH, OUR_ID), () => peer.say(theirs(false))]
  if (order === 'theirs first') steps.reverse()
  expect(await stateOf(ready)).toBe('pending')
  steps[0]()
  expect(await stateOf(ready)).toBe('pending')
  steps[1]()
  expect(await stateOf(ready)).toBe('ready')
})

test('is both extended handshakes as well, of one with it', async () => {
  const { ready } = wire
  peer.say(theirs(true), EXTENDED)
  expect(await stateOf(ready)).toBe('pending')
  wire.handshake(INFO_HASH, OUR_ID)
  expect(await stateOf(ready)).toBe('ready')

  const other = new ScriptedPeer()
  other.wire.handshake(INFO_HASH, OUR_ID)
  other.say(theirs(true))
  expect(await stateOf(other.wire.ready)).toBe('pending')
  // Even one that says nothing.
  other.say(messages.extended(0, Buffer.from('de')))
  expect(await stateOf(other.wire.ready)).toBe('ready')
  expect(other.wire.ready).toBe(other.wire.ready)
  await close(other.wire)
})

test('is so for who asks late, also of a closed wire', async () => {
  wire.handshake(INFO_HASH, OUR_ID)
  peer.say(theirs(true), EXTENDED)
  expect(await stateOf(wire.ready)).toBe('ready')

  const other = await ScriptedPeer.connect()
  await close(other.wire)
  expect(await stateOf(other.wire.ready)).toBe('ready')
})

test('rejects if the wire closes before, with the reason', async () => {
  const { ready } = wire
  wire.destroy()
  expect(await stateOf(ready)).toBe('ERR_CLOSED')
  expect(await stateOf(wire.ready)).toBe('ERR_CLOSED')

  const asked = new ScriptedPeer()
  const promise = asked.wire.ready
  asked.say(Buffer.from('GET / HTTP/1.1'))
  await expect(promise).rejects.toMatchObject({ name: 'WireError', code: 'ERR_CLOSED', cause: { code: 'ERR_BAD_HANDSHAKE' } })

  const late = new Wire()
  await close(late)
  expect(await stateOf(late.ready)).toBe('ERR_CLOSED')
})

test('an application may have members of its own under the names that bittorrent-protocol lacks', async () => {
  const other = await ScriptedPeer.connect({ extended: true })
  for (const name of ['ready', 'peerInfo', 'requestWindow', 'fetch', 'peerRequestsStream', 'requestHashes', 'allowFastFor']) {
    other.wire[name] = name
    expect([other.wire[name], Object.keys(other.wire).includes(name), typeof wire[name]]).toEqual([name, true, expect.not.stringMatching('string')])
  }
  other.say(EXTENDED, messages.unchoke(), messages.choke())
  expect(other.wire.peerChoking).toBe(true)
  await close(other.wire)
})

test('is no unhandled rejection of who does not wait for it', async () => {
  const unhandled = []
  const note = reason => unhandled.push(reason)
  process.on('unhandledRejection', note)
  const { ready } = wire
  wire.destroy()
  await turn()
  await turn()
  process.off('unhandledRejection', note)
  expect(ready).toBeInstanceOf(Promise)
  expect(unhandled).toEqual([])
})
