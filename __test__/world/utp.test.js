'use strict'

/** webtorrent over uTP, by utp-native and by ours. */

const path = require('node:path')
const { pathToFileURL } = require('node:url')
const Child = require('../helpers/child')
const { hasUtpNative, testIf } = require('../helpers/runtime')
const { ourFile, upstreamFile } = require('../helpers/wire')
const { split } = require('./support/peer')
const { install } = require('./webtorrent/install')

const ourUtp = path.join(__dirname, '../../utp.js')
const SCRIPT = path.join(__dirname, 'webtorrent/utp.mjs')

/**
 * libutp gives an end up 30 s after its last packet was not acknowledged; closed in order, it is
 * gone in a half.
 */
const GIVEN_UP = 20_000

let webtorrent

beforeAll(async () => { webtorrent = await install() }, 300_000)

/*
 * Why this is about the wire: the last block, the hash, `done` and destroy() come in one callback
 * of utp-native and its microtasks. If what the leecher says at the beginning (`have`,
 * `uninterested`) is under way before it closes, the two ends' FINs cross. If not, the leecher's
 * comes first and is acknowledged, the leecher is gone, and the seeder's is sent to nobody until it
 * is given up.
 */
testIf(hasUtpNative).each([
  ['this wire', ourFile], ['upstream', upstreamFile]
])('destroyed right after a download, both ends close at once: %s', async (_, file) => {
  await downloadAndDestroy(file)
})

/* On any machine: nothing of utp-native is loaded. */
test.each([
  ['this wire', ourFile, '0'], ['this wire, encrypted', ourFile, '2'], ['upstream', upstreamFile, '0']
])('the same over bittorrent-protocol-native/utp: %s', async (_, file, secure) => {
  await downloadAndDestroy(file, secure, ourUtp)
})

async function downloadAndDestroy (file, secure = '0', utp = '') {
  const child = new Child(SCRIPT, [], { WEBTORRENT: webtorrent, WIRE_MODULE: pathToFileURL(file).href, SECURE: secure, UTP_MODULE: utp })
  try {
    expect(await child.told('isWhole')).toEqual({ isWhole: true })
    const timer = setTimeout(() => child.kill(), GIVEN_UP)
    const { closed, written } = await child.told('closed')
    clearTimeout(timer)
    expect(closed).toBe(2)
    if (secure === '0') {
      expect(split(Buffer.from(written, 'hex')).slice(-2)).toEqual([expect.stringMatching(/^have /), 'uninterested'])
    }
    expect(child.all('wire')).toEqual([{ wire: 'utpOutgoing' }])
    await child.exited()
  } finally {
    child.kill()
  }
}
