'use strict'

/**
 * Does `task` `n` times, at most `width` of them at once.
 * @param {number} n
 * @param {number} width
 * @param {() => Promise<void>} task
 */
async function together (n, width, task) {
  let left = n
  const worker = async () => { while (left-- > 0) await task() }
  await Promise.all(Array.from({ length: Math.min(n, width) }, worker))
}

module.exports = together
