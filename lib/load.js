'use strict'

/**
 * The native addon: the binary of this platform's package, or one that was built from source. Where
 * neither loads, an error that says what to do.
 */

const path = require('node:path')

const { PLATFORMS, platformName } = require('./platform.js')

/** The oldest Rust that is known to build the addon: `rust-version` of Cargo.toml. */
const RUST_VERSION = '1.88'

const BUILDER = path.join(__dirname, '../scripts/build-from-source.js')

/**
 * @returns {object} what the addon exports
 * @throws {Error & { code: 'ERR_NO_NATIVE_ADDON' }}
 */
function load () {
  try {
    return require('../binding.js')
  } catch (error) {
    try {
      return require('../bittorrent-protocol-native.node')
    } catch (ownError) {
      throw noAddon(error, ownError)
    }
  }
}

/**
 * @param {Error} error of the generated loader
 * @param {Error} ownError of loading what was built from source
 */
function noAddon (error, ownError) {
  const { name, version } = require('../package.json')
  const platform = platformName()
  // The generated loader also looks for WebAssembly, which this package does not have.
  const attempts = [...causes(error), ownError].map(firstLine).filter(line => !/wasi/.test(line))
  const lines = [
    `${name} found no native addon that loads here: ${platform}, Node.js ${process.version}.`,
    '',
    'What was tried:',
    ...attempts.map(attempt => `  - ${attempt}`),
    ''
  ]
  if (PLATFORMS.includes(platform)) {
    lines.push(
      'There is a binary for this platform. npm leaves it out with --omit=optional, and where the',
      'lock file was made on another platform (https://github.com/npm/cli/issues/4828). To get it,',
      'remove node_modules and the lock file and install again, or:',
      '',
      `  npm install ${name}-${platform}@${version}`,
      '',
      'To build it from source instead,'
    )
  } else {
    lines.push('There is no binary for this platform, but it can be built from source:')
  }
  lines.push(
    `with Rust ${RUST_VERSION} or later (https://rustup.rs) and a C linker, run`,
    '',
    `  node ${quote(BUILDER)}`
  )
  // Without the cause, which Node.js would print below it at such length that nobody sees the rest.
  return Object.assign(new Error(lines.join('\n')), { code: 'ERR_NO_NATIVE_ADDON' })
}

/** @returns {Error[]} the causes of an error, the first of them first */
function causes (error) {
  const found = []
  for (let { cause } = error; cause; cause = cause.cause) found.unshift(cause)
  return found.length > 0 ? found : [error]
}

function firstLine (error) {
  return String(error?.message ?? error).split('\n')[0]
}

function quote (file) {
  return /[^\w/\\:.@+-]/.test(file) ? `"${file}"` : file
}

module.exports = load()
