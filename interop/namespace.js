'use strict'

const { spawn, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

/** Of us and of the client, on the loopback of the namespace alone. */
const OUR_ADDRESS = '10.99.0.1'
const CLIENT_ADDRESS = '10.99.0.2'

/** Makes the loopback of a fresh namespace, then becomes the command that follows. */
const SET_UP = [
  'ip link set lo up',
  `ip address add ${OUR_ADDRESS}/32 dev lo`,
  `ip address add ${CLIENT_ADDRESS}/32 dev lo`,
  'exec "$@"'
].join(' && ')

/** @returns {string|null} why no network namespace can be made here; null if one can */
function whyNoNamespace () {
  if (process.platform !== 'linux') return 'there are network namespaces on Linux only'
  const { status, error, stderr } = run(['true'])
  if (status === 0) return null
  return `a network namespace cannot be made: ${(error?.message ?? stderr.trim().split('\n')[0]) || 'no permission'}`
}

function run (command) {
  return spawnSync('unshare', unshare(command), { encoding: 'utf8', timeout: 10_000 })
}

/** The namespace goes with its last process: nothing has a name, nothing is left. */
function unshare (command) {
  return ['--net', 'sh', '-c', SET_UP, 'sh', ...command]
}

/**
 * Runs one case in a namespace of its own, in a process of its own.
 *
 * @param {string} name of the case
 * @param {AbortSignal} signal
 * @returns {Promise<object>} as `runCase`
 */
async function runInNamespace (name, signal) {
  const command = [process.execPath, path.join(__dirname, 'inside.js'), name]
  const child = spawn('unshare', unshare(command), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const stop = () => child.connected && child.disconnect()
  signal.addEventListener('abort', stop)
  const over = Promise.all([once(child, 'exit'), once(child, 'disconnect')])
  let result = null
  child.on('message', message => { result = message })
  const [[code, killedBy]] = await over
  signal.removeEventListener('abort', stop)
  if (signal.aborted) return { error: 'interrupted' }
  return result ?? { error: `the process in the namespace ended with ${killedBy ?? `status ${code}`}` }
}

module.exports = { OUR_ADDRESS, CLIENT_ADDRESS, runInNamespace, whyNoNamespace }
