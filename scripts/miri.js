'use strict'

// `npm run miri [-- FILTER]`: the unsafe code of src/binding, which its tests drive without Node.js, in
// Miri: what is read too late, out of bounds, by two threads at once or through an alias is an error, and
// so is what nobody frees. Threads are played with eight seeds. Needs a nightly Rust; installs its Miri.

const path = require('node:path')
const { show, ROOT } = require('./command')

const SEEDS = 8

function main ([filter = 'binding::']) {
  if (show('rustup', ['component', 'add', 'miri', 'rust-src', '--toolchain', 'nightly'], { stdio: 'ignore' }) !== 0) {
    console.error('there is no nightly Rust with Miri: rustup toolchain install nightly')
    process.exitCode = 1
    return
  }
  process.exitCode = show('cargo', ['+nightly', 'miri', 'test', '--locked', '--lib', filter], {
    env: {
      ...process.env,
      CARGO_TARGET_DIR: path.join(ROOT, 'target/miri'),
      MIRIFLAGS: `${process.env.MIRIFLAGS ?? ''} -Zmiri-many-seeds=0..${SEEDS}`
    }
  })
}

main(process.argv.slice(2))
