'use strict'

// `npm run tsan [-- FILTER…]`: the tests of src/transport, rate limits and uTP among them, and of
// src/binding under ThreadSanitizer, with a standard library that is instrumented as well. Needs a nightly
// Rust; installs its rust-src. Linux and macOS.

const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { show, ROOT } = require('./command')

const TESTS = ['transport::', 'binding::']
const SUPPRESSIONS = path.join(__dirname, 'tsan-suppressions.txt')

function main (filters) {
  const version = spawnSync('rustc', ['+nightly', '--version', '--verbose'], { encoding: 'utf8' })
  const host = /^host: (.+)$/m.exec(version.stdout ?? '')?.[1]
  if (host === undefined) fail('there is no nightly Rust: rustup toolchain install nightly')
  if (show('rustup', ['component', 'add', 'rust-src', '--toolchain', 'nightly'], { stdio: 'ignore' }) !== 0) {
    fail('rust-src could not be installed: without it the standard library raises false alarms')
  }
  process.exitCode = show('cargo', [
    '+nightly', 'test', '-Zbuild-std', '--target', host, '--lib', '--', ...(filters.length > 0 ? filters : TESTS)
  ], {
    env: {
      ...process.env,
      CARGO_TARGET_DIR: path.join(ROOT, 'target/tsan'),
      RUSTFLAGS: '-Zsanitizer=thread',
      TSAN_OPTIONS: `suppressions=${SUPPRESSIONS}`
    }
  })
}

function fail (message) {
  console.error(message)
  process.exit(1)
}

main(process.argv.slice(2))
