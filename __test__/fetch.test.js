'use strict'

/** Blocks as promises. */

const { getEventListeners } = require('node:events')
const { tellsTimers, testIf } = require('./helpers/runtime')
const { ScriptedPeer, close, turn } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

const BLOCK = Buffer.from('abcd')
const ASKED = [1, 0, 4]

let peer, wire

beforeEach(async () => {
  peer = await ScriptedPeer.connect({ fast: true })
  wire = peer.wire
  peer.say(messages.unchoke())
})

afterEach(() => close(wire))

const code = promise => promise.then(() => 'resolved', error => error.code ?? error)

test('asks at once, and resolves to the block', async () => {
  const promise = wire.fetch(...ASKED)
  expect(wire.requests).toHaveLength(1)
  expect(await peer.heard()).toEqual(messages.request(...ASKED))
  peer.say(messages.piece(1, 0, BLOCK))
  expect(await promise).toEqual(BLOCK)
  expect(wire.downloaded).toBe(4)
})

test('rejects with what became of it', async () => {
  const rejected = code(wire.fetch(...ASKED))
  peer.say(messages.reject(...ASKED))
  expect(await rejected).toBe('ERR_REJECTED')

  const cancelled = code(wire.fetch(...ASKED))
  wire.cancel(...ASKED)
  expect(await cancelled).toBe('ERR_CANCELLED')

  peer.say(messages.choke())
  expect(await code(wire.fetch(...ASKED))).toBe('ERR_CHOKED')
  peer.say(messages.unchoke())

  const open = wire.fetch(...ASKED)
  peer.say(messages.message(1, Buffer.from('too long')))
  await expect(open).rejects.toMatchObject({ name: 'WireError', code: 'ERR_CLOSED', cause: { code: 'ERR_BAD_LENGTH' } })
  expect(await code(wire.fetch(...ASKED))).toBe('ERR_CLOSED')
})

test('a choke without the fast extension rejects it', async () => {
  const slow = await ScriptedPeer.connect()
  slow.say(messages.unchoke())
  const promise = code(slow.wire.fetch(...ASKED))
  slow.say(messages.choke())
  expect(await promise).toBe('ERR_CHOKED')
  await close(slow.wire)
})

test('the timer of the wire rejects it as well', async () => {
  wire.setTimeout(1)
  expect(await code(wire.fetch(...ASKED))).toBe('ERR_TIMED_OUT')
})

test('an error that somebody else calls it back with stays as it is', async () => {
  const promise = code(wire.fetch(...ASKED))
  const error = new Error('the peer lost the piece')
  wire._callback(wire.requests.pop(), error, null)
  expect(await promise).toBe(error)
})

describe('given up', () => {
  test('by its signal, it rejects with the reason, and sends a cancel', async () => {
    const controller = new AbortController()
    const promise = code(wire.fetch(...ASKED, { signal: controller.signal }))
    await peer.heard()
    controller.abort('enough')
    expect(await promise).toBe('enough')
    expect(await peer.heard()).toEqual(messages.cancel(...ASKED))
    expect(wire.requests).toEqual([])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    peer.say(messages.reject(...ASKED))
    expect(wire.closeReason).toBe(null)
  })

  test('by its timeout', async () => {
    expect(await code(wire.fetch(...ASKED, { timeout: 1 }))).toBe('ERR_TIMED_OUT')
    expect(await peer.heard()).toEqual(Buffer.concat([messages.request(...ASKED), messages.cancel(...ASKED)]))
    expect(wire.requests).toEqual([])
  })

  test('by a signal that says no reason', async () => {
    const signal = new EventTarget()
    const promise = code(wire.fetch(...ASKED, { signal }))
    signal.dispatchEvent(new Event('abort'))
    expect(await promise).toBe(DOMException.ABORT_ERR)
    signal.aborted = true
    expect(await code(wire.fetch(...ASKED, { signal }))).toBe(DOMException.ABORT_ERR)
  })

  test('before it was made, it asks for nothing', async () => {
    expect(await code(wire.fetch(...ASKED, { signal: AbortSignal.abort('no') }))).toBe('no')
    expect(await peer.heard()).toHaveLength(0)
  })

  test('with five hundred others of the same signal', async () => {
    const warnings = []
    const note = warning => warnings.push(warning)
    process.on('warning', note)
    const controller = new AbortController()
    const all = []
    for (let i = 0; i < 500; i++) all.push(code(wire.fetch(i, 0, 4, { signal: controller.signal })))
    peer.say(messages.piece(7, 0, BLOCK))
    expect(await all[7]).toBe('resolved')
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    await peer.heard()
    controller.abort('enough')
    expect(new Set(await Promise.all(all))).toEqual(new Set(['enough', 'resolved']))
    expect((await peer.heard()).length).toBe(499 * 17)
    expect(wire.requests).toEqual([])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await turn()
    process.off('warning', note)
    expect(warnings).toEqual([])
  })

  test.each([0, 1, 2])('one of three for the same block, the others stay: %d', async which => {
    const got = []
    const controllers = [0, 1, 2].map(() => new AbortController())
    const all = controllers.map(({ signal }, i) => wire.fetch(...ASKED, { signal }).then(() => got.push(i), () => got.push('aborted')))
    await peer.heard()
    controllers[which].abort()
    await turn()
    expect(got).toEqual(['aborted'])
    expect(await peer.heard()).toEqual(messages.cancel(...ASKED))
    expect(wire.requests).toHaveLength(2)
    // BEP 6: the one that was cancelled is answered too.
    peer.say(messages.piece(1, 0, BLOCK), messages.piece(1, 0, BLOCK))
    await Promise.all(all)
    expect([got[0], ...got.slice(1).sort()]).toEqual(['aborted', ...[0, 1, 2].filter(i => i !== which)])
    expect(wire.unsolicited.pieces).toBe(0)
  })

  test.each([0, 1])('the one that stays for the same block times out: not %d', async which => {
    wire.setTimeout(1)
    const controllers = [new AbortController(), new AbortController()]
    const all = controllers.map(({ signal }) => code(wire.fetch(...ASKED, { signal })))
    controllers[which].abort('enough')
    const expected = ['ERR_TIMED_OUT', 'ERR_TIMED_OUT']
    expected[which] = 'enough'
    expect(await Promise.all(all)).toEqual(expected)
  })
})

testIf(tellsTimers())('settled, it leaves no listener, and its timer keeps no process', async () => {
  const { signal } = new AbortController()
  const before = process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const promise = wire.fetch(...ASKED, { signal, timeout: 1e6 })
  expect(process.getActiveResourcesInfo().filter(name => name === 'Timeout')).toHaveLength(before + 1)
  peer.say(messages.piece(1, 0, BLOCK))
  await promise
  expect(getEventListeners(signal, 'abort')).toEqual([])
  expect(process.getActiveResourcesInfo().filter(name => name === 'Timeout')).toHaveLength(before)
})

test.each([
  [[-1, 0, 4], 'ERR_OUT_OF_RANGE'],
  [[0, '0', 4], 'ERR_INVALID_ARG_TYPE'],
  [[0, 0, 4, { timeout: NaN }], 'ERR_OUT_OF_RANGE'],
  [[0, 0, 4, { signal: {} }], 'ERR_INVALID_ARG_TYPE'],
  [[0, 0, 4, 'soon'], 'ERR_INVALID_ARG_TYPE']
])('what cannot be meant asks for nothing: %#', async (args, expected) => {
  expect(await code(wire.fetch(...args))).toBe(expected)
  expect(await peer.heard()).toHaveLength(0)
})
