'use strict'

/** The log of `DEBUG=bittorrent-protocol`: the lines of upstream's. */

const { execFile } = require('node:child_process')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { promisify } = require('node:util')
const messages = require('./world/support/messages')

const ROOT = path.join(__dirname, '..')
const SESSION = path.join(__dirname, 'helpers/debug-session.js')
const UPSTREAM = path.join(ROOT, 'node_modules/bittorrent-protocol/index.js')

/** A session in a process of its own; what it writes to standard error is the log. */
async function session (module, DEBUG) {
  const bytes = [
    messages.handshake('03'.repeat(20), '04'.repeat(20), { fast: true, extended: true }),
    messages.keepAlive(), messages.unchoke(), messages.interested(), messages.bitfield(Buffer.alloc(2)),
    messages.have(3), messages.port(7), messages.suggest(1), messages.haveAll(), messages.haveNone(),
    messages.allowedFast(1), messages.reject(1, 2, 3), messages.cancel(1, 2, 3), messages.request(1, 2, 3), messages.request(4, 5, 6),
    messages.piece(1, 2, Buffer.alloc(3)), messages.extended(9, Buffer.from('x')), messages.message(99),
    messages.uninterested(), messages.choke(), messages.unchoke()
  ].map(chunk => chunk.toString('hex')).join()
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath, [SESSION, pathToFileURL(module).href, bytes],
    { env: { ...process.env, DEBUG, DEBUG_COLORS: 'no', DEBUG_HIDE_DATE: 'yes' }, cwd: ROOT })
  expect(stdout).toBe('')
  return stderr.trim().split('\n').filter(line => line !== '').map(line => line.replace(/\[[0-9a-f]{8}\]/, '[id]'))
}

test('says the same as upstream\'s, in the same order', async () => {
  const [ours, theirs] = await Promise.all([
    session(path.join(ROOT, 'index.js'), 'bittorrent-protocol'), session(UPSTREAM, 'bittorrent-protocol')
  ])
  expect(theirs.length).toBeGreaterThan(35)
  expect(ours).toEqual(theirs)
})

test('says nothing when it is off', async () => {
  expect(await session(path.join(ROOT, 'index.js'), '')).toEqual([])
  expect(await session(path.join(ROOT, 'index.js'), 'something-else')).toEqual([])
})

test('can be switched on and off as the process runs', async () => {
  const script = `
    const createDebug = require('debug')
    const Wire = require('./index.js')
    const turn = () => new Promise(resolve => setImmediate(resolve))
    ;(async () => {
      const wire = new Wire()
      wire.have(1)
      createDebug.enable('bittorrent-protocol')
      await turn()
      wire.have(2)
      createDebug.disable()
      await turn()
      wire.have(3)
    })()
  `
  const { stderr } = await promisify(execFile)(process.execPath, ['-e', script],
    { env: { ...process.env, DEBUG: '', DEBUG_COLORS: 'no', DEBUG_HIDE_DATE: 'yes' }, cwd: ROOT })
  expect(stderr.trim().split('\n').map(line => line.replace(/^.*\] /, ''))).toEqual(['have 2'])
})

test.each(['index', 'compat/v3', 'compat/peer-wire-protocol', 'compat/bittorrent-wire'])('says nothing of the loading of %s', async module => {
  const { stderr } = await promisify(execFile)(process.execPath, ['-e', `require('./${module}.js')`],
    { env: { ...process.env, DEBUG: 'bittorrent-protocol' }, cwd: ROOT })
  expect(stderr).toBe('')
})
