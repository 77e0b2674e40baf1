'use strict'

// Builds the native addon where there is no binary for the platform. It belongs to the published
// package, so that it needs nothing but Node.js, Rust and a C linker: no napi-rs tool.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')

/** Where lib/load.js looks for it. */
const ADDON = path.join(ROOT, 'bittorrent-protocol-native.node')

const CRATE = 'bittorrent_protocol_native'

/** What cargo calls the library, by platform. */
const LIBRARIES = {
  darwin: `lib${CRATE}.dylib`,
  win32: `${CRATE}.dll`
}

/** @returns {number} the exit status */
function main () {
  const target = path.resolve(process.env.CARGO_TARGET_DIR ?? path.join(ROOT, 'target'))
  const args = ['build', '--release', '--lib', '--locked', '--target-dir', target]
  const { error, status } = spawnSync('cargo', args, { cwd: ROOT, stdio: 'inherit' })
  if (error) {
    console.error(error.code === 'ENOENT'
      ? 'cargo is not on the PATH: install Rust, see https://rustup.rs'
      : `cargo could not be started: ${error.message}`)
    return 1
  }
  if (status !== 0) return status ?? 1
  const library = LIBRARIES[process.platform] ?? `lib${CRATE}.so`
  // Never over a file that a process may have open.
  fs.rmSync(ADDON, { force: true })
  fs.copyFileSync(path.join(target, 'release', library), ADDON)
  require(ADDON)
  console.log(`Built ${ADDON}`)
  return 0
}

process.exitCode = main()
