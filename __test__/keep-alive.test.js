'use strict'

/** Keep-alives: by hand, and every 55 seconds. */

const { ScriptedPeer, close } = require('./helpers/scripted-peer')
const messages = require('./world/support/messages')

let peer

beforeEach(async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
  peer = await ScriptedPeer.connect()
})

afterEach(async () => {
  await close(peer.wire)
  expect(jest.getTimerCount()).toBe(0)
  jest.useRealTimers()
})

test('goes out every 55 seconds', async () => {
  peer.wire.setKeepAlive(true)
  jest.advanceTimersByTime(54_999)
  expect(await peer.heard()).toHaveLength(0)
  jest.advanceTimersByTime(1)
  expect(await peer.heard()).toEqual(messages.keepAlive())
  jest.advanceTimersByTime(110_000)
  expect(await peer.heard()).toEqual(Buffer.concat([messages.keepAlive(), messages.keepAlive()]))
})

test('is not sent unless asked for', async () => {
  jest.advanceTimersByTime(200_000)
  expect(await peer.heard()).toHaveLength(0)
})

test('stops', async () => {
  peer.wire.setKeepAlive(true)
  peer.wire.setKeepAlive(false)
  jest.advanceTimersByTime(200_000)
  expect(await peer.heard()).toHaveLength(0)
})

test('asked for twice goes out once', async () => {
  peer.wire.setKeepAlive(true)
  peer.wire.setKeepAlive(true)
  jest.advanceTimersByTime(55_000)
  expect(await peer.heard()).toEqual(messages.keepAlive())
})

test('calls keepAlive() of a subclass or of an instance', () => {
  peer.wire.keepAlive = jest.fn()
  peer.wire.setKeepAlive(true)
  jest.advanceTimersByTime(55_000)
  expect(peer.wire.keepAlive).toHaveBeenCalledTimes(1)
})

test('ends with the wire, and does not begin after it', async () => {
  peer.wire.setKeepAlive(true)
  peer.wire.destroy()
  expect(jest.getTimerCount()).toBe(0)
  peer.wire.setKeepAlive(true)
  expect(jest.getTimerCount()).toBe(0)
  await close(peer.wire)
  peer.wire.setKeepAlive(true)
  expect(jest.getTimerCount()).toBe(0)
})

test('by hand, and after the end', async () => {
  peer.wire.keepAlive()
  expect(await peer.heard()).toEqual(messages.keepAlive())
  await close(peer.wire)
  peer.wire.keepAlive()
  expect(await peer.heard()).toHaveLength(0)
})
