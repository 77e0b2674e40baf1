'use strict'

// Builds the addon for another platform: with cargo-zigbuild and zig as the linker, as the release
// does. Where the Rust that is installed has no standard library for the target (`rustup target add`),
// Debian's rustc builds it from Debian's sources.

const fs = require('node:fs')
const path = require('node:path')
const { run, lastLines, ROOT } = require('../command')
const { CACHE, Missing, debs, folder, wheel } = require('./cache')

const ZIG = 'ziglang==0.15.2'
const ZIGBUILD = 'cargo-zigbuild==0.24.0'

/** Debian's newest rustc, which may not be installed beside rustup. */
const DEBIAN_RUST = ['rustc-web', 'libstd-rust-web-dev', 'libstd-rust-web-1.96', 'rust-web-src', 'libllvm22']
const DEBIAN_RUST_NAME = 'rustc-web-1.96'

/** Lines of a failed build's output that are worth showing. */
const LAST_LINES = 40

/**
 * @param {import('./targets').Target} target
 * @returns {Promise<{ file: string | null, error: string }>} the addon, under the name that
 *   binding.js looks for; `error`: why it could not be built
 * @throws {Missing}
 */
async function build ({ platform, triple, libc }) {
  const { env, flags } = await toolchain(triple)
  const folder = path.join(CACHE, 'built', platform)
  fs.mkdirSync(folder, { recursive: true })
  const { code, output } = await run(process.execPath, [
    path.join(ROOT, 'scripts/build.js'), '--target', libc ? `${triple}.${libc}` : triple, '--cross-compile',
    '--output-dir', folder, '--', ...flags
  ], { env: { ...env, RUSTFLAGS: `--remap-path-prefix=${CACHE}=rust` } })
  if (code !== 0) return { file: null, error: lastLines(output, LAST_LINES) }
  return { file: path.join(folder, binaryName(platform)), error: '' }
}

/**
 * What can be said of a target without the rest of its tools: it compiles, and with zig it links. It
 * stays unstripped, which takes a tool of the system's.
 * @param {import('./targets').Target} target
 * @returns {Promise<string>} why not; empty if it is well
 * @throws {Missing}
 */
async function verify ({ triple }) {
  const { env, flags } = await toolchain(triple)
  const { code, output } = await run('cargo', ['zigbuild', '--release', '--locked', '--lib', '--target', triple, ...flags], {
    env: { ...env, CARGO_PROFILE_RELEASE_STRIP: 'none', LIBNODE_PATH: await stubs() }
  })
  return code === 0 ? '' : lastLines(output, LAST_LINES)
}

/**
 * Libraries without anything in them, for Windows: Node.js, whose functions the addon looks up in the
 * process that loads it, but napi-rs links it; and one of gcc's that zig has no need of.
 * @returns {Promise<string>} where they are
 */
function stubs () {
  return folder('windows-stubs', async unfinished => {
    fs.writeFileSync(path.join(unfinished, 'libnode.dll'), '')
    for (const name of ['node', 'ssp_nonshared']) {
      fs.writeFileSync(path.join(unfinished, `lib${name}.a`), '!<arch>\n')
    }
  })
}

/** @returns {Promise<{ env: Record<string, string>, flags: string[] }>} for a build for that target */
async function toolchain (triple) {
  const [zig, zigbuild] = await Promise.all([wheel(ZIG), wheel(ZIGBUILD)])
  const scripts = path.join(zigbuild, `${ZIGBUILD.replace('cargo-zigbuild==', 'cargo_zigbuild-')}.data/scripts`)
  const env = {
    CARGO_TARGET_DIR: path.join(CACHE, 'target'),
    CARGO_ZIGBUILD_ZIG_PATH: path.join(zig, 'ziglang/zig'),
    PATH: [scripts, process.env.PATH].join(path.delimiter)
  }
  for (const program of [env.CARGO_ZIGBUILD_ZIG_PATH, path.join(scripts, 'cargo-zigbuild')]) fs.chmodSync(program, 0o755)
  if (await hasStandardLibrary(triple)) return { env, flags: [] }
  const rust = path.join(await debs(DEBIAN_RUST_NAME, DEBIAN_RUST), 'usr')
  Object.assign(env, {
    RUSTC: path.join(rust, 'bin/rustc'),
    LD_LIBRARY_PATH: path.join(rust, 'lib/x86_64-linux-gnu'),
    // A stable compiler that may use `-Z build-std`.
    RUSTC_BOOTSTRAP: '1'
  })
  return { env, flags: ['-Z', 'build-std=std,panic_unwind'] }
}

async function hasStandardLibrary (triple) {
  const { code, output } = await run('rustc', ['--print', 'target-libdir', '--target', triple])
  if (code !== 0) throw new Missing('there is no rustc')
  return fs.existsSync(output.trim())
}

/** @returns {string} how napi-rs calls the addon of a platform */
function binaryName (platform) {
  return `${require('../../package.json').napi.binaryName}.${platform}.node`
}

module.exports = { binaryName, build, verify }
