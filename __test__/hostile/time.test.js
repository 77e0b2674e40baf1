'use strict'

/** What would hang the process, or end it: in a process of its own, with a limit of time. */

const { childRow } = require('./support/row')

const survives = ({ names }) => expect(names).toEqual(['have'])

childRow('D1 extended handshake `d-3:` is ignored', 'negativeLengthInDictionary', { check: survives })
childRow('D1 extended handshake `l-3:` is ignored', 'negativeLengthInList', { check: survives })

childRow('D7 a message of 1 MiB in chunks of 16 bytes', 'largeMessageInSmallChunks', {
  check: ({ lengths }) => expect(lengths).toEqual([1 << 20])
})

childRow('D10 100,000 requests, and nobody answers: 32,768 are kept', 'slowRequests', {
  check: ({ open, events, refused }) => {
    expect(events).toBe(open)
    expect(open).toBeLessThanOrEqual(32_768)
    expect(refused).toBe(100_000 - 32_768)
  }
})

// To look through what is open, for each of them, is 900,000,000 steps.
childRow('D10 300,000 messages of 4 bytes, one a chunk, while thousands of requests are open and more wait', 'smallMessagesBehindRequests', {
  check: ({ open, keepAlives }) => {
    expect(open).toBeGreaterThan(2000)
    expect(open).toBeLessThan(10_000)
    expect(keepAlives).toBe(300_000)
  },
  seconds: 30,
  // It keeps all of them open.
  upstreamSeconds: 30
})

// Of each the place has to be found: with a search it is 80,000,000,000 steps.
childRow('D10 400,000 requests that wait are cancelled, last first', 'cancelledRequests', {
  check: ({ cancelled, events }) => {
    expect(cancelled).toBe(400_000)
    expect(events).toBeLessThan(100)
  },
  seconds: 30,
  upstreamSeconds: 6
})

childRow('D12 100,000 extended handshakes of 22 bytes after one with 256 names', 'tinyExtendedHandshakes', {
  check: ({ events, id }) => {
    expect(events).toBe(100_000)
    expect(id).toBe(7)
  },
  seconds: 30,
  // They are no heavier there.
  upstreamFails: false
})

childRow('U1 setKeepAlive(true) after close keeps no process alive', 'keepAliveAfterClose', { seconds: 30 })
