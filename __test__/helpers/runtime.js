'use strict'

/** What the runtime that plays the tests has: Node.js, Bun or Deno. */

const { eventLoopUtilization } = require('node:perf_hooks').performance

const isBun = 'bun' in process.versions
const isDeno = 'deno' in process.versions

/** Whether it says how long its event loop was busy: Bun and Deno have the function, and it gives zeros. */
const tellsBusyTime = () => eventLoopUtilization().active > 0

/** Whether it lets a test look at how objects are laid out: V8's `%` functions. */
const hasV8Natives = !isBun

/** Whether an emitter belongs to the domain that it was made in: Bun has the module alone. */
const hasDomains = !isBun

/** Whether it says which timers keep the process: Bun tells of none. */
function tellsTimers () {
  const timer = setTimeout(() => {}, 1e6)
  const isTold = process.getActiveResourcesInfo().includes('Timeout')
  clearTimeout(timer)
  return isTold
}

/** Whether a shell starts it with the flags of Node.js: Deno translates those of its own `child_process`. */
const takesNodeFlags = !isDeno

/** Whether the servers of its `net` heed `maxConnections`: Deno's do not. */
const heedsMaxConnections = !isDeno

/** Whether a socket that was paused brings more to who listens for `readable`: not in Deno, without a wire either. */
const hasReadableSockets = !isDeno

/** Whether another processor or another C library than the system's is played. */
const isEmulated = 'NODE_WRAPPER' in process.env

/** Whether the prebuilt binary of utp-native loads: it is for glibc, and calls libuv, which Bun and Deno lack. */
const hasUtpNative = !isBun && !isDeno &&
  process.platform === 'linux' && process.arch === 'x64' && Boolean(process.report.getReport().header.glibcVersionRuntime)

/** `test`, or what counts as skipped where the runtime lacks what the test needs. */
const testIf = condition => condition ? test : test.skip

/** Likewise `describe`. */
const describeIf = condition => condition ? describe : describe.skip

module.exports = {
  describeIf,
  hasDomains,
  hasReadableSockets,
  hasUtpNative,
  hasV8Natives,
  heedsMaxConnections,
  isEmulated,
  takesNodeFlags,
  tellsBusyTime,
  tellsTimers,
  testIf
}
