'use strict'

/** The peer's requests as an async iterator. */

const { execFileSync } = require('node:child_process')
const path = require('node:path')

const { ScriptedPeer, close, turn } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

const ROOT = path.join(__dirname, '..')

let peer, wire

async function connect (options) {
  peer = await ScriptedPeer.connect({ fast: true, ...options })
  wire = peer.wire
  wire.unchoke()
  await peer.heard()
}

beforeEach(() => connect())

afterEach(() => close(wire))

const ask = (...pieces) => peer.say(...pieces.map(piece => messages.request(piece, 0, 4)))
const piecesOf = results => results.map(({ value }) => value.piece)

test('gives each in order, whether it came before it was asked for or after', async () => {
  const stream = wire.peerRequestsStream()
  ask(1, 2)
  const first = [await stream.next(), await stream.next()]
  const second = [stream.next(), stream.next()]
  ask(3, 4)
  expect(piecesOf([...first, ...await Promise.all(second)])).toEqual([1, 2, 3, 4])
  expect(first[0]).toMatchObject({ done: false, value: { piece: 1, offset: 0, length: 4, isOpen: true } })
})

test('a loop answers them, until the wire is closed', async () => {
  const served = []
  const loop = (async () => {
    for await (const request of wire.peerRequestsStream()) {
      served.push(request.piece)
      if (request.piece === 2) request.reject()
      else request.respond(Buffer.from('abcd'))
      expect(request.isOpen).toBe(false)
    }
  })()
  ask(1, 2, 3)
  await turn()
  expect(await peer.heard()).toEqual(Buffer.concat([
    messages.piece(1, 0, Buffer.from('abcd')), messages.reject(2, 0, 4), messages.piece(3, 0, Buffer.from('abcd'))
  ]))
  wire.destroy()
  await loop
  expect(served).toEqual([1, 2, 3])
  expect(wire.listenerCount('request')).toBe(0)
})

test('those that were cancelled, choked away or answered before their turn are not given', async () => {
  const stream = wire.peerRequestsStream()
  ask(1, 2, 3)
  peer.say(messages.cancel(2, 0, 4))
  expect(piecesOf([await stream.next(), await stream.next()])).toEqual([1, 3])
  ask(4)
  wire.choke()
  wire.unchoke()
  ask(5)
  wire.piece(5, 0, Buffer.from('abcd'))
  ask(6)
  expect(piecesOf([await stream.next()])).toEqual([6])
})

test('one that is cancelled in its turn is open no more, and its answer nothing', async () => {
  const stream = wire.peerRequestsStream()
  ask(1)
  const { value: request } = await stream.next()
  peer.say(messages.cancel(1, 0, 4))
  expect(request.isOpen).toBe(false)
  await peer.heard()
  request.respond(Buffer.from('abcd'))
  request.reject()
  expect(await peer.heard()).toHaveLength(0)
})

test('what a listener before it answers is not given', async () => {
  wire.on('request', (index, offset, length, respond) => index === 1 && respond(new Error('mine')))
  const stream = wire.peerRequestsStream()
  ask(1, 2)
  expect(piecesOf([await stream.next()])).toEqual([2])
})

test('of a peer that asks for more than is taken, the rest waits in the engine', async () => {
  await close(wire)
  await connect({ options: { highWaterMark: 16384, maxPeerRequests: 10 } })
  const stream = wire.peerRequestsStream()
  for (let piece = 0; piece < 12; piece++) peer.say(messages.request(piece, 0, 16384))
  expect(wire.peerRequests).toHaveLength(2)
  const rejects = [10, 11].map(piece => messages.reject(piece, 0, 16384))
  expect(await peer.heard()).toEqual(Buffer.concat(rejects))
  const served = []
  while (served.length < 10) {
    const { value: request } = await stream.next()
    served.push(request.piece)
    request.respond(Buffer.alloc(16384))
  }
  expect(served).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('requests that come and are cancelled, on and on, leave nothing', () => {
  const program = `
    const { ScriptedPeer } = require('./__test__/helpers/scripted-peer')
    const messages = require('./__test__/world/support/messages')
    ;(async () => {
      const peer = await ScriptedPeer.connect({ fast: true })
      peer.wire.unchoke()
      const stream = peer.wire.peerRequestsStream()
      const play = async count => {
        for (let i = 0; i < count; i++) {
          peer.say(messages.request(i, 0, 4), messages.cancel(i, 0, 4))
          if (i % 1000 === 0) await peer.heard()
        }
        await peer.heard()
        gc()
        return process.memoryUsage().heapUsed
      }
      const before = await play(1000)
      const after = await play(100_000)
      process.stdout.write(JSON.stringify(after - before))
      peer.say(messages.request(7, 0, 4))
      if ((await stream.next()).value.piece !== 7) process.exitCode = 1
    })()`
  const output = execFileSync(process.execPath, ['--expose-gc', '--eval', program], { cwd: ROOT, encoding: 'utf8' })
  // Kept, they are 19 MB.
  expect(Number(output)).toBeLessThan(2e6)
})

test('who leaves the loop has those rejected whose turn has not come', async () => {
  const stream = wire.peerRequestsStream()
  ask(1, 2, 3)
  for await (const request of stream) {
    request.respond(Buffer.from('abcd'))
    if (request.piece === 1) break
  }
  expect(await peer.heard()).toEqual(Buffer.concat([
    messages.piece(1, 0, Buffer.from('abcd')), messages.reject(2, 0, 4), messages.reject(3, 0, 4)
  ]))
  expect([wire.listenerCount('request'), wire.listenerCount('close')]).toEqual([0, 0])
  expect(await stream.next()).toEqual({ value: undefined, done: true })
})

test('the end of the wire ends calls that wait, and those after', async () => {
  const stream = wire.peerRequestsStream()
  const waiting = [stream.next(), stream.next()]
  await close(wire)
  expect(await Promise.all([...waiting, stream.next()])).toEqual(Array(3).fill({ value: undefined, done: true }))
  expect(await wire.peerRequestsStream().next()).toEqual({ value: undefined, done: true })
})

test('bytes that are none leave the request open', async () => {
  const stream = wire.peerRequestsStream()
  ask(1)
  const { value: request } = await stream.next()
  expect(() => request.respond('abcd')).toThrow(TypeError)
  expect(request.isOpen).toBe(true)
  request.respond(Buffer.from('abcd'))
  expect(await peer.heard()).toEqual(messages.piece(1, 0, Buffer.from('abcd')))
})
