'use strict'

/** `socket.pipe(wire)` listens for the wire's errors by itself: a violation must not become one. */

const { PassThrough } = require('node:stream')
const Wire = require('..')

const GARBAGE = 'GET / HTTP/1.1\r\n'.repeat(10)

test('a violation on a piped wire, where nobody listens for errors', async () => {
  const socket = new PassThrough()
  const wire = new Wire('tcpIncoming')
  const violations = []
  wire.on('violation', error => violations.push(error))
  socket.pipe(wire).resume()
  // Not `once` of node:events, which listens for errors too.
  const closed = new Promise(resolve => wire.once('close', resolve))
  socket.write(GARBAGE)
  await closed // an unheard error would have failed the test
  expect(violations).toEqual([wire.closeReason])
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
