'use strict'

/** The platforms with a binary of their own on npm: the folders of `npm/`. */
const PLATFORMS = [
  'android-arm64', 'darwin-arm64', 'darwin-x64', 'freebsd-x64', 'linux-arm-gnueabihf',
  'linux-arm64-gnu', 'linux-arm64-musl', 'linux-x64-gnu', 'linux-x64-musl', 'win32-arm64-msvc',
  'win32-x64-msvc'
]

/** @returns {string} the name of this platform, as in `PLATFORMS` */
function platformName () {
  const { platform, arch } = process
  const abi = {
    linux: () => (isMusl() ? 'musl' : 'gnu') + (arch === 'arm' ? 'eabihf' : ''),
    win32: () => 'msvc'
  }[platform]?.()
  return [platform, arch, abi].filter(Boolean).join('-')
}

function isMusl () {
  return !process.report?.getReport().header.glibcVersionRuntime
}

module.exports = { PLATFORMS, platformName }
