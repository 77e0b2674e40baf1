'use strict'

/** Each worker thread has an engine of its own, and takes it along when it ends. */

const { once } = require('node:events')
const path = require('node:path')
const { Worker } = require('node:worker_threads')

const DOWNLOAD = path.join(__dirname, 'worker-threads/download.js')
const BLOCKS = 50

/** @returns {Worker & { blocks: number }} a thread that downloads, and how many blocks it told of */
function start (workerData) {
  const worker = new Worker(DOWNLOAD, { workerData })
  worker.blocks = 0
  worker.on('message', blocks => { worker.blocks = blocks })
  return worker
}

async function ended (worker) {
  const [code] = await once(worker, 'exit')
  return [code, worker.blocks]
}

test('several download at the same time, in plaintext and encrypted', async () => {
  const workers = [0, 2, 0, 2].map(level => start({ level, count: BLOCKS }))
  expect(await Promise.all(workers.map(ended))).toEqual(workers.map(() => [0, BLOCKS]))
}, 30_000)

test.each([['plaintext', 0], ['encrypted', 2]])('one that is ended in the midst of it harms no other (%s)', async (name, level) => {
  const [victim, other] = [start({ level, count: Infinity }), start({ level, count: BLOCKS })]
  const done = ended(other)
  while (victim.blocks < 5) await once(victim, 'message')
  await victim.terminate()
  expect(await done).toEqual([0, BLOCKS])
  expect(await ended(start({ level, count: BLOCKS }))).toEqual([0, BLOCKS])
}, 30_000)
