'use strict'

// Runs within `npm version X.Y.Z`, once npm has set the version of package.json: sets it everywhere
// else, and adds that to npm's commit.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const CARGO = path.join(ROOT, 'Cargo.toml')

const { version } = require('../package.json')

function run (command, ...args) {
  execFileSync(command, args, { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' })
}

fs.writeFileSync(CARGO, fs.readFileSync(CARGO, 'utf8').replace(/^version = ".*"$/m, `version = "${version}"`))
run('npx', 'napi', 'version')
// The build sets it in Cargo.lock, and in the generated loader.
run('npm', 'run', 'build')
run('git', 'add', 'Cargo.toml', 'Cargo.lock', 'binding.js', 'npm')
