'use strict'

const { Child } = require('../support/child.js')

const COUNT = 10000

module.exports = {
  metrics: [
    { name: 'memory of an idle wire: RSS', unit: 'B', better: 'less', goal: 0.7, key: 'rss' },
    { name: 'memory of an idle wire: JS heap', unit: 'B', better: 'less', goal: 0.7, key: 'heap' },
    { name: 'making and shaking hands', unit: 'µs', better: 'less', goal: 1, key: 'micros' }
  ],
  about: `${COUNT} wires in a fresh process, handshaken (BEP 6 and 10 on), after garbage collection; the time is that of making them`,

  async run (contender) {
    const child = new Child('memory-child.js', [contender.name])
    try {
      return await child.ask({ count: COUNT })
    } finally {
      child.close()
    }
  }
}
