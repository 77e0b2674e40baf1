'use strict'

// `npm run build -- [options of napi build]`: the release build of the addon, and the loader and types
// that napi-rs generates. What a panic names are paths in the crates, and none of this machine.

const { spawnSync } = require('node:child_process')
const os = require('node:os')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const CLI = path.join(ROOT, 'node_modules/@napi-rs/cli/dist/cli.js')

/** What rustc writes in the place of folders of this machine. */
const FOLDERS = [
  [process.env.CARGO_HOME || path.join(os.homedir(), '.cargo'), 'cargo'],
  [ROOT, '.']
]

const flags = FOLDERS.map(([from, to]) => `--remap-path-prefix=${from}=${to}`)
const { status, error } = spawnSync(process.execPath, [
  CLI, 'build', '--platform', '--release', '--js', 'binding.js', '--dts', 'binding.d.ts', ...process.argv.slice(2)
], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, RUSTFLAGS: [process.env.RUSTFLAGS, ...flags].filter(Boolean).join(' ') }
})
if (error) throw error
process.exitCode = status ?? 1
