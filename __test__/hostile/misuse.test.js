'use strict'

/** The application's own mistakes, where they would hurt it later. */

const { row } = require('./support/row')
const { Peer, turn, ...p } = require('./support/peer')

function extension (name) {
  class Extension {
    onMessage (bytes) { this.got = Buffer.from(bytes).toString() }
  }
  Object.defineProperty(Extension.prototype, 'name', { value: name })
  return Extension
}

row('U1 setKeepAlive(true) after close sends nothing and throws nothing', async Wire => {
  const peer = new Peer(Wire)
  peer.wire.setKeepAlive(true)
  peer.wire.destroy()
  await turn()
  peer.wire.setKeepAlive(true)
  peer.wire.setKeepAlive(false)
  expect(peer.all('violation')).toEqual([])
}, { upstreamFails: false })

describe('U2 use() with the name of a member of the wire', () => {
  for (const name of ['request', 'piece', '__proto__', 'constructor', 'emit', 'peerPieces', 'requests', 'on', 'closeReason']) {
    row(`U2 ${name} is refused`, Wire => {
      const peer = new Peer(Wire)
      expect(() => peer.wire.use(extension(name))).toThrow(/cannot be named/)
      expect(peer.wire.extendedMapping).toEqual({})
      peer.wire.request(0, 0, 1, () => {})
      peer.hear(p.have(1))
      expect(peer.wire.peerPieces.get(1)).toBe(true)
      // Upstream's stream would fail in a later tick.
    }, { upstreamFails: !['__proto__', 'emit', 'on'].includes(name) })
  }

  row('U2 the same extension again replaces the first', Wire => {
    const peer = new Peer(Wire)
    peer.wire.use(extension('ut_test'))
    const first = peer.wire.ut_test
    peer.wire.use(extension('ut_test'))
    expect(peer.wire.ut_test).not.toBe(first)
    peer.hear(p.extended(2, Buffer.from('hello')))
    expect(peer.wire.ut_test.got).toBe('hello')
  }, { upstreamFails: false })
})
