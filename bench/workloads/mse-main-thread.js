'use strict'

const { performance } = require('node:perf_hooks')
const bytes = require('../support/bytes.js')
const { seconds, within } = require('../support/drive.js')
const { MiniInitiator, SKEY_HASH } = require('../support/mini-initiator.js')
const together = require('../support/together.js')

const WIDTH = 16

module.exports = {
  metrics: [{ name: 'main thread, one incoming MSE handshake', unit: 'ms', better: 'less', limit: 0.2, key: 'active' }],
  encrypted: true,
  about: `how long the event loop is busy (eventLoopUtilization) for each, ${WIDTH} at a time, from new wire to crypto-handshake; the peer's side is prepared and costs microseconds`,

  /** `n` incoming handshakes. */
  async run (contender, n, thorough) {
    let done = 0
    const before = performance.eventLoopUtilization()
    const elapsed = await seconds(() => within(together(n, WIDTH, async () => {
      await incoming(contender, thorough)
      done++
    }), () => `${done} of ${n} handshakes`))
    const { active } = performance.eventLoopUtilization(before)
    return { seconds: elapsed, active: active / done }
  }
}

/** One peer connects, encrypted. */
function incoming (contender, thorough) {
  const wire = contender.make('tcpIncoming', 2)
  const peer = new MiniInitiator()
  return new Promise((resolve, reject) => {
    wire.on('data', chunk => {
      const answer = peer.receive(chunk)
      if (answer) wire.write(answer)
    })
    const closed = () => reject(new Error('the wire closed during the handshake'))
    wire.once('close', closed)
    wire.once('crypto-infohash', hash => {
      if (hash !== SKEY_HASH) reject(new Error('crypto-infohash reports something else'))
      wire.setInfoHash(bytes.INFO_HASH.toString('hex'))
    })
    wire.once('crypto-handshake', () => {
      if (wire._encryptionMethod !== 2) reject(new Error('the wire is not encrypted'))
      setImmediate(() => {
        if (thorough && !peer.accepted()) reject(new Error('step 4 is wrong'))
        wire.off('close', closed)
        wire.destroy()
        resolve()
      })
    })
    wire.write(peer.step1)
  })
}
