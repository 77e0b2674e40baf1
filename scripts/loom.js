'use strict'

// `npm run loom [-- FILTER]`: src/transport/interleavings.rs, in which loom plays threads in every order
// in which they can meet. LOOM_MAX_PREEMPTIONS=3 plays more of them than the usual two interruptions.

const { spawnSync } = require('node:child_process')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')

function main ([filter = 'interleavings']) {
  process.exitCode = spawnSync('cargo', [
    'test', '--locked', '--no-default-features', '--features', 'transport', '--lib', filter
  ], {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      CARGO_TARGET_DIR: path.join(ROOT, 'target/loom'),
      RUSTFLAGS: `${process.env.RUSTFLAGS ?? ''} --cfg transport_loom`
    }
  }).status ?? 1
}

main(process.argv.slice(2))
