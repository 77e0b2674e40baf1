'use strict'

/** `socket.pipe(wire)` listens for the wire's errors by itself: a violation must not become one. */

const { PassThrough } = require('node:stream')
const { once } = require('node:events')
const Wire = require('..')

const GARBAGE = 'GET / HTTP/1.1\r\n'.repeat(10)

test('a violation on a piped wire, where nobody listens for errors', async () => {
  const socket = new PassThrough()
  const wire = new Wire('tcpIncoming')
  const violated = once(wire, 'violation')
  socket.pipe(wire).resume()
  const closed = once(wire, 'close')
  socket.write(GARBAGE)
  const [error] = await violated
  await closed // an unheard error would have failed the test
  expect(wire.closeReason).toBe(error)
})

test('whoever listens hears it once', async () => {
  const socket = new PassThrough()
  const wire = new Wire('tcpIncoming')
  const errors = []
  wire.on('error', error => errors.push(error))
  socket.pipe(wire).resume()
  const closed = new Promise(resolve => wire.once('close', resolve))
  socket.write(GARBAGE)
  await closed
  expect(errors).toEqual([wire.closeReason])
  expect(wire.closeReason).toMatchObject({ code: 'ERR_BAD_HANDSHAKE' })
})
