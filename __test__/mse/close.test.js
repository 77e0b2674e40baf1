'use strict'

/** Wires that close in the middle of the crypto handshake leave nothing behind. */

const { once } = require('node:events')
const Wire = require('../..')
const native = require('../../lib/native/index.js')
const { INFO_HASH, PEER_IDS, close } = require('../world/support/pair')
const { closed, open, turns } = require('./support/end')
const { link } = require('./support/link')

const { countWires } = native

let before

beforeEach(() => { before = countWires() })

afterEach(() => jest.restoreAllMocks())

/** Resolves once the key agreements that were begun are done, and what waits for them has run. */
async function agreementsDone (agree) {
  await Promise.all(agree.mock.results.map(({ value }) => value))
  await turns(2)
}

test.each(['tcpIncoming', 'tcpOutgoing'])('a wire that is destroyed while its key agreement runs, %s', async type => {
  const agree = jest.spyOn(native, 'agree')
  const ends = Array.from({ length: 50 }, () => open(Wire, type, 2, { cryptoTimeout: 60_000 }))
  let taken = 0
  for (const { wire, peer } of ends) {
    if (type === 'tcpOutgoing') wire.startEncryption(INFO_HASH)
    else wire.write(peer.keyStep(100), () => taken++)
  }
  expect(agree).toHaveBeenCalledTimes(50)
  expect([countWires(), taken]).toEqual([before + 50, 0])
  const ended = ends.map(({ wire }) => closed(wire))
  for (const { wire } of ends) wire.destroy()
  await Promise.all(ended)
  expect(countWires()).toBe(before)

  await agreementsDone(agree)
  if (type === 'tcpIncoming') expect(taken).toBe(50)
  expect(ends.map(({ peer, log }) => [peer.unread.length, log.length])).toEqual(Array(50).fill([0, 0]))
})

test('an initiator that is destroyed while S is computed', async () => {
  const { wire, peer } = open(Wire, 'tcpOutgoing', 2)
  wire.startEncryption(INFO_HASH)
  await peer.readKey()
  await turns(2)
  peer.unread = Buffer.alloc(0) // PadA
  const agree = jest.spyOn(native, 'agree')
  const taken = peer.send(peer.keyStep(512))
  expect(agree).toHaveBeenCalledTimes(1)
  await close(wire)
  await Promise.all([taken, agreementsDone(agree)])
  expect([peer.unread.length, countWires()]).toEqual([0, before])
})

test('a key agreement that fails closes the wire', async () => {
  jest.spyOn(native, 'agree').mockReturnValue(Promise.reject(new Error('no random bytes')))
  const { wire, peer } = open(Wire, 'tcpIncoming', 1)
  const ended = closed(wire)
  await peer.send(peer.keyStep())
  await ended
  expect(wire.closeReason).toMatchObject({ code: 'ERR_INTERNAL', message: 'no random bytes' })
  expect(countWires()).toBe(before)
})

test('the memory of a chunk is transferred away while its key agreement runs', async () => {
  const { wire, peer } = open(Wire, 'tcpIncoming', 1)
  const ended = closed(wire)
  const chunk = Buffer.from(new Uint8Array(peer.keyStep(500)).buffer)
  const taken = peer.send(chunk)
  structuredClone(chunk.buffer, { transfer: [chunk.buffer] })
  await Promise.all([taken, ended])
  expect(wire.closeReason).toMatchObject({ code: 'ERR_CHUNK_DETACHED' })
  expect(countWires()).toBe(before)
})

test('a peer that hangs up after each of its bytes', async () => {
  const step1 = Buffer.alloc(200, 0x42)
  for (let length = 0; length <= step1.length; length += 8) {
    const { wire, peer } = open(Wire, 'tcpIncoming', 1)
    const ended = closed(wire)
    wire.end(step1.subarray(0, length))
    await ended
    expect([wire.closeReason, peer.hasEnded]).toEqual([null, true])
  }
  expect(countWires()).toBe(before)
})

test('one of two wires on a socket is destroyed during the handshake', async () => {
  for (const event of ['crypto-infohash', 'crypto-handshake', 'handshake']) {
    for (const [i, type] of ['tcpOutgoing', 'tcpIncoming'].entries()) {
      if (i === 0 && event === 'crypto-infohash') continue
      const wires = [new Wire('tcpOutgoing', 2), new Wire('tcpIncoming', 2, { infoHashes: [INFO_HASH] })]
      const ended = wires.map(closed)
      const sockets = await link(...wires)
      const gone = sockets.map(socket => socket.closed || once(socket, 'close'))
      wires[i].on(event, () => wires[i].destroy())
      wires[1].on('handshake', () => wires[1].handshake(INFO_HASH, PEER_IDS[1]))
      wires[0].startEncryption(INFO_HASH)
      wires[0].handshake(INFO_HASH, PEER_IDS[0])
      await Promise.all([...ended, ...gone])
      expect([type, wires.map(wire => wire.closeReason)]).toEqual([type, [null, null]])
    }
  }
  expect(countWires()).toBe(before)
})
