'use strict'

/**
 * The random sessions of world/differential.test.js, in RC4: what this wire makes of them is what
 * bittorrent-protocol makes of them in plaintext, to the event and to the byte.
 *
 * `SESSION_SEED=n` plays the session of that seed alone.
 */

const Wire = require('../..')
const { loadUpstream } = require('../helpers/wire')
const { RawPeer } = require('../helpers/mse')
const { asDocumented, options } = require('../world/differences')
const { INFO_HASH } = require('../world/support/pair')
const { record, replay } = require('../world/support/session')

const { SESSION_SEED } = process.env
const seeds = SESSION_SEED ? [Number(SESSION_SEED)] : Array.from({ length: 40 }, (_, i) => 1001 + i)

let Documented

beforeAll(async () => {
  Documented = asDocumented(await loadUpstream())
})

test.each(['tcpIncoming', 'tcpOutgoing'])('%s', async type => {
  for (const seed of seeds) {
    const session = await record(Documented, seed)
    for (const chunkSeed of [undefined, seed]) {
      const log = await replay(await encrypted(type), session, { options, chunkSeed })
      if (log.join('\n') === session.log.join('\n')) continue
      const at = session.log.findIndex((line, i) => line !== log[i])
      expect([seed, ...log.slice(Math.max(0, at - 5), at + 1)]).toEqual([seed, ...session.log.slice(Math.max(0, at - 5), at + 1)])
      throw new Error(`session ${seed} goes on where it should end: ${log[session.log.length]}`)
    }
  }
}, 120_000)

/**
 * A class whose one wire has the crypto handshake behind it, and encrypts what it is given as its
 * peer would, and decrypts what it gives.
 */
async function encrypted (type) {
  const wire = new Wire(type, 2, { infoHashes: [INFO_HASH], ...options })
  const peer = new RawPeer(wire, INFO_HASH)
  if (type === 'tcpIncoming') {
    await peer.open()
  } else {
    wire.startEncryption(INFO_HASH)
    const done = new Promise(resolve => wire.once('crypto-handshake', resolve))
    await peer.accept()
    await done
  }
  wire.removeAllListeners('data')

  const { write, _write, on } = wire
  const ciphertexts = new WeakSet()
  const encrypt = chunk => {
    const ciphertext = peer.encrypt.apply(chunk)
    ciphertexts.add(ciphertext)
    return ciphertext
  }
  return function Encrypted (type) {
    wire.type = type
    wire.write = chunk => write.call(wire, encrypt(chunk))
    wire._write = (chunk, ...rest) => _write.call(wire, ciphertexts.has(chunk) ? chunk : encrypt(chunk), ...rest)
    wire.on = (event, listener) => {
      return on.call(wire, event, event === 'data' ? chunk => listener(peer.decrypt.apply(chunk)) : listener)
    }
    return wire
  }
}
