'use strict'

const { Child } = require('../support/child.js')

const COUNT = 10000

module.exports = {
  metrics: [
    { name: 'memory of an idle wire: RSS', unit: 'B', better: 'less', goal: 0.7, key: 'rss' },
    { name: 'the same, young generation of 1 MiB', unit: 'B', better: 'less', key: 'settled' },
    { name: 'memory of an idle wire: JS heap', unit: 'B', better: 'less', goal: 0.7, key: 'heap' },
    { name: 'making and shaking hands', unit: 'µs', better: 'less', goal: 1, key: 'micros' }
  ],
  about: `${COUNT} wires in a fresh process, handshaken (BEP 6 and 10 on), after garbage collection; the time is that of making them. While they are made, V8's space for new objects grows to some 25 MB, whatever they are: the second row is of a process that keeps it at 1 MiB (\`--max-semi-space-size=1\`)`,

  async run (contender) {
    const usage = await measure(contender, [])
    const { rss: settled } = await measure(contender, ['--max-semi-space-size=1'])
    return { ...usage, settled }
  }
}

async function measure (contender, flags) {
  const child = new Child('memory-child.js', [contender.name], { flags })
  try {
    return await child.ask({ count: COUNT })
  } finally {
    child.close()
  }
}
