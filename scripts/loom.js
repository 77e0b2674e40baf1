'use strict'

// `npm run loom [-- FILTER]`: src/transport/interleavings.rs, in which loom plays threads in every order
// in which they can meet. LOOM_MAX_PREEMPTIONS=3 plays more of them than the usual two interruptions.

const path = require('node:path')
const { show, ROOT } = require('./command')

function main ([filter = 'interleavings']) {
  process.exitCode = show('cargo', [
    'test', '--locked', '--no-default-features', '--features', 'transport', '--lib', filter
  ], {
    env: {
      ...process.env,
      CARGO_TARGET_DIR: path.join(ROOT, 'target/loom'),
      RUSTFLAGS: `${process.env.RUSTFLAGS ?? ''} --cfg transport_loom`
    }
  })
}

main(process.argv.slice(2))
