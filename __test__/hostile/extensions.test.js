'use strict'

/**
 * E1: messages that hang the published extensions' own parser, or kill it. They are dropped and
 * counted before an extension sees them; the wire stays open, and sound messages arrive.
 *
 * E2: messages that an extension answers with much more, of a peer that reads nothing. Reading stops
 * while too much of the answers is unsent; whatever else is unsent stops nothing.
 */

const { importOutside, loadOurs, loadUpstream } = require('../helpers/wire')
const { childRow, row } = require('./support/row')
const { REFUSED, SOUND } = require('./support/extension-payloads')
const { Peer, turn, ...p } = require('./support/peer')

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
  // So that they can answer.
  peer.hear(p.extended(0, Buffer.from('d1:md11:ut_metadatai1e6:ut_pexi2eee')))
  expect(peer.wire.statistics.refusedExtended).toBe(0)
  peer.hear(p.extended(1, Buffer.from('nothing')), p.extended(2, Buffer.from('nothing')), p.extended(1, Buffer.from('d')))
  peer.hear(p.extended(1, SOUND.ut_metadata['a request']), p.extended(2, SOUND.ut_pex['no peers']))
  expect(peer.wire.statistics.refusedExtended).toBe(3)
  expect(peer.all('extended').map(([name]) => name)).toEqual(['handshake', 'ut_metadata', 'ut_pex'])
  peer.expectAlive()
  peer.wire.destroy()
})

describe('E2 of a peer that reads nothing', () => {
  const MARK = 100_000

  /** A wire with an extension that answers each message with so many bytes. */
  function answering (Wire, length) {
    class Extension {
      onMessage () {
        if (length > 0) peer.wire.extended('ut_test', Buffer.alloc(length))
      }
    }
    Extension.prototype.name = 'ut_test'
    const peer = new Peer(Wire, { isReading: false, options: { highWaterMark: MARK } })
    peer.wire.use(Extension)
    peer.hear(p.extended(0, p.bencode({ m: { ut_test: 3 } })))
    peer.events.length = 0
    return peer
  }

  /** Says it chunk by chunk, as a socket's pipe does: the next one once the last was taken. */
  async function feed (peer, chunks) {
    let taken = 0
    const next = () => {
      if (taken < chunks.length) {
        peer.wire._write(chunks[taken], () => {
          taken++
          process.nextTick(next)
        })
      }
    }
    next()
    for (let i = 0; i < chunks.length; i++) await turn()
    return { taken: () => taken }
  }

  const message = p.extended(1, Buffer.alloc(4))

  row('E2 reading stops while more than the high-water mark of answers is unsent, and goes on as they drain', async Wire => {
    const peer = answering(Wire, 16384)
    const { taken } = await feed(peer, Array.from({ length: 200 }, () => Buffer.concat([message, message])))
    const answered = peer.all('extended').length
    expect(answered * 16384).toBeGreaterThan(MARK)
    expect(answered * 16384).toBeLessThan(MARK + (64 << 10) + 3 * 16384)
    expect(taken()).toBeLessThan(20)
    peer.wire.on('data', chunk => peer.chunks.push(chunk))
    for (let i = 0; i < 2000 && taken() < 200; i++) await turn()
    expect(taken()).toBe(200)
    expect(peer.all('extended')).toHaveLength(400)
    expect((await peer.sent()).filter(sent => sent.startsWith('1403'))).toHaveLength(400)
  })

  row('E2 it does not stop for blocks that are unsent, though a message comes', async Wire => {
    const peer = answering(Wire, 0)
    for (let i = 0; i < 200; i++) peer.wire.piece(i, 0, Buffer.alloc(16384))
    await turn()
    const chunks = Array.from({ length: 50 }, (_, i) => Buffer.concat([message, p.have(i), p.piece(i, 0, Buffer.alloc(16384))]))
    const { taken } = await feed(peer, chunks)
    expect(taken()).toBe(50)
    for (const event of ['extended', 'have', 'piece']) expect(peer.all(event)).toHaveLength(50)
  }, { upstreamFails: false })

  row('E2 nor for requests that wait, nor for other messages that are unsent', async Wire => {
    const peer = answering(Wire, 0)
    peer.wire.unchoke()
    peer.wire.on('request', (index, offset, length, respond) => respond(null, Buffer.alloc(length)))
    peer.hear(Buffer.concat(Array.from({ length: 1000 }, (_, i) => p.request(i, 0, 16384))))
    for (let i = 0; i < 50_000; i++) peer.wire.have(i)
    await turn()
    const { taken } = await feed(peer, Array.from({ length: 50 }, (_, i) => Buffer.concat([message, p.have(i)])))
    expect(taken()).toBe(50)
    expect(peer.all('have')).toHaveLength(50)
  }, { upstreamFails: false })

  row('E2 nor for small answers behind much else', async Wire => {
    const peer = answering(Wire, 10)
    for (let i = 0; i < 200; i++) peer.wire.piece(i, 0, Buffer.alloc(16384))
    await turn()
    const { taken } = await feed(peer, Array.from({ length: 100 }, (_, i) => Buffer.concat([message, p.have(i)])))
    expect(taken()).toBe(100)
    expect(peer.all('extended')).toHaveLength(100)
    peer.wire.on('data', chunk => peer.chunks.push(chunk))
    for (let i = 0; i < 100; i++) await turn()
    expect((await peer.sent()).filter(sent => sent.startsWith('1403'))).toHaveLength(100)
  }, { upstreamFails: false })
})
