'use strict'

/**
 * E1: messages that hang the published extensions' own parser, or kill it. They are dropped and
 * counted before an extension sees them; the wire stays open, and sound messages arrive.
 */

const { importOutside, loadOurs, loadUpstream } = require('../helpers/wire')
const { childRow, row } = require('./support/row')
const { REFUSED, SOUND } = require('./support/extension-payloads')
const { Peer, ...p } = require('./support/peer')

const NAMES = ['ut_metadata', 'ut_pex']

/** What comes of it: no event for the one, both for what follows. */
const DROPPED = { names: ['have', 'extended'], got: ['sound'], refused: 1 }

// What takes the process with it, one by one; upstream is given as long as it needs to show it.
for (const [extension, label] of [
  ['ut_metadata', 'a negative length in a dictionary'],
  ['ut_metadata', 'a negative length in a list'],
  ['ut_metadata', 'a negative length that shows in its UTF-8'],
  ['ut_pex', 'a negative length in a dictionary'],
  ['ut_pex', 'a negative length in a list'],
  ['ut_pex', 'a dictionary for a list of peers']
]) {
  childRow(`E1 ${extension}: ${label}`, `refusedPayload ${extension} ${label.replaceAll(' ', '_')}`, {
    check: result => expect(result).toEqual(DROPPED), seconds: 10
  })
}

// And all of them, in one process.
for (const extension of NAMES) {
  childRow(`E1 ${extension}: everything that is refused`, `refusedPayloads ${extension}`, {
    check: ({ results }) => {
      expect(results).toEqual(Object.fromEntries(Object.keys(REFUSED[extension]).map(label => [label, DROPPED])))
    },
    seconds: 30,
    upstreamFails: false
  })
}

describe.each(NAMES)('E1 %s', name => {
  let makeExtension

  beforeAll(async () => { makeExtension = (await importOutside(name)).default })

  test.each(Object.keys(SOUND[name]))('gets what is sound: %s', async label => {
    // On upstream too: it is what the extension gets there.
    for (const Wire of [await loadOurs(), await loadUpstream()]) {
      const payload = SOUND[name][label]
      const peer = new Peer(Wire)
      peer.wire.use(makeExtension())
      const got = []
      const { onMessage } = peer.wire[name]
      peer.wire[name].onMessage = function (bytes) {
        got.push(Buffer.from(bytes))
        return onMessage.call(this, bytes)
      }
      peer.wire.extended = () => {} // its answers
      peer.hear(p.extended(1, payload))
      expect(got).toEqual([payload])
      expect(peer.all('extended').map(([extension, bytes]) => [extension, Buffer.from(bytes)])).toEqual([[name, payload]])
      if ('refusedExtended' in (peer.wire.statistics ?? {})) expect(peer.wire.statistics.refusedExtended).toBe(0)
      peer.wire.destroy()
    }
  })
})

row('E1 messages for other extensions, and for none, are not looked into', Wire => {
  class Extension {
    onMessage (bytes) { this.got = Buffer.from(bytes).toString() }
  }
  Extension.prototype.name = 'ut_test'
  const peer = new Peer(Wire)
  peer.wire.use(Extension)
  peer.hear(p.extended(1, Buffer.from('d-3:abci1ee')), p.extended(99, Buffer.from('l-3:')))
  expect(peer.wire.ut_test.got).toBe('d-3:abci1ee')
  expect(peer.all('extended').map(([extension, bytes]) => [extension, Buffer.from(bytes).toString()])).toEqual([
    ['ut_test', 'd-3:abci1ee'], [99, 'l-3:']
  ])
  peer.expectAlive()
}, { upstreamFails: false })

row('E1 what is refused is counted', async Wire => {
  const peer = new Peer(Wire)
  peer.wire.use((await importOutside('ut_metadata')).default())
  peer.wire.use((await importOutside('ut_pex')).default())
  expect(peer.wire.statistics.refusedExtended).toBe(0)
  peer.hear(p.extended(1, Buffer.from('nothing')), p.extended(2, Buffer.from('nothing')), p.extended(1, Buffer.from('d')))
  peer.hear(p.extended(1, SOUND.ut_metadata['a request']), p.extended(2, SOUND.ut_pex['no peers']))
  expect(peer.wire.statistics.refusedExtended).toBe(3)
  expect(peer.all('extended').map(([name]) => name)).toEqual(['ut_metadata', 'ut_pex'])
  peer.expectAlive()
  peer.wire.destroy()
})
