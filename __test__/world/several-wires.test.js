'use strict'

/** Wires of one process that are closed, flushed and drained within each other's traffic. */

const path = require('node:path')
const { play } = require('./support/scenario')

const CHILD = path.join(__dirname, 'several-wires/child.js')
const CLOSED = ['finish', 'end', 'close']

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const haves = (from, to) => numbers(from, to).map(i => `have ${i}`)
const pieces = count => numbers(0, count - 1).map(i => `piece ${i} 0 16384 of ${i}`)

/** What comes of each scenario of the child. */
const EXPECTED = {
  'one is closed in the tick in which another sends blocks': {
    a: CLOSED, b: CLOSED, bSent: [...pieces(40), 'have 7']
  },
  'one is closed before its destination drains, and another receives': {
    events: CLOSED, haves: numbers(0, 63), sent: ['have 9']
  },
  'one is closed by a handler of another, in the middle of its chunk': {
    heard: numbers(1, 4), a: CLOSED, aSent: expect.arrayContaining(haves(101, 102)), bSent: haves(201, 204)
  },
  'one is closed by what another one sends': {
    events: CLOSED, bSent: ['have 1', ...pieces(5), 'have 2', 'have 3']
  },
  'all are closed, each in the `close` of the one before it': {
    events: Array(5).fill(CLOSED)
  },
  'one that is closed leaves its place to a new one': {
    events: CLOSED, failed: ['wire is closed'], sent: ['have 2']
  }
}

test.each(Object.entries(EXPECTED))('%s', async (scenario, expected) => {
  expect(await play(CHILD, scenario)).toEqual({ uncaught: [], result: expected })
}, 30_000)
