'use strict'

/** `socket.pipe(wire).pipe(socket)`, and the socket is lost in the middle of a transfer. */

const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')
const { scenarios } = require('./lost-socket/child')

describe.each(['fast', 'no-fast'])('%s', fast => {
  test.each(scenarios)('%s', async scenario => {
    const command = [path.join(__dirname, 'lost-socket/child.js'), scenario, fast]
    const child = promisify(execFile)(process.execPath, command, { timeout: 20_000 })
    const { stdout, stderr } = await child
    const { callbacks, events, uncaught, closed, after, left } = JSON.parse(stdout)

    expect(stderr).toBe('')
    expect(uncaught).toEqual([])
    expect(closed).toBe(true)
    // Blocks 0 to 2 have arrived, and the last of the list took the place of each. The others are
    // settled once, from the end of that list: 9 8 7 3 4 5 6.
    const why = fast === 'fast' ? 'wire was closed' : 'peer is choking'
    expect(callbacks).toEqual([
      ...[0, 1, 2].map(i => [i, null]), ...[6, 5, 4, 3, 7, 8, 9].map(i => [i, why])
    ])
    expect(events.filter(event => event !== 'socket close')).toEqual([
      'uninterested', 'choke', 'finish', 'end', 'close'
    ])
    expect(events).toContain('socket close')
    expect(after).toEqual(['wire is closed'])
    expect(left).toEqual([0, 0, true])
  }, 30_000)
})
