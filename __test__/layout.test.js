'use strict'

/** How V8 lays wires out: what makes them small and quick. */

const { execFileSync } = require('node:child_process')
const path = require('node:path')
const { hasV8Natives, testIf } = require('./helpers/runtime')

const ROOT = path.join(__dirname, '..')

/**
 * Makes wires in a fresh process, each after the one before was collected, and tells of the last.
 * @param {string} make an expression that gives a wire
 */
function layOut (make) {
  const program = `
    ;(async () => {
      const make = () => ${make}
      for (let i = 0; i < 20; i++) {
        make().destroy()
        for (let turns = 0; turns < 3; turns++) {
          await new Promise(resolve => setImmediate(resolve))
          gc()
        }
      }
      const wire = make()
      process.stdout.write(String(%HasFastProperties(wire)))
    })()`
  const flags = ['--expose-gc', '--allow-natives-syntax', '--eval', program]
  return execFileSync(process.execPath, flags, { cwd: ROOT, encoding: 'utf8' })
}

testIf(hasV8Natives).each([
  ['a wire', 'new (require("./index.js"))()'],
  ['a wire over the native transport', 'new (require("./lib/net/wire.js").NetWire)("tcpOutgoing", 0)'],
  ['a wire of bittorrent-protocol 3.x', 'new (require("./compat/v3.js"))()'],
  ['a wire of peer-wire-protocol', 'require("./compat/peer-wire-protocol.js")()'],
  ['a wire of bittorrent-wire', 'new (require("./compat/bittorrent-wire.js"))(Buffer.alloc(20), Buffer.alloc(20))'],
  ['the wire in a peer-wire-protocol wire', 'require("./compat/peer-wire-protocol.js")()[require("./compat/adapter.js").kWire]']
])('%s is no dictionary, even if there was none for a while', (name, make) => {
  expect(layOut(make)).toBe('true')
})
