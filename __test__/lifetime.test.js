'use strict'

/** How long the native state of a wire lives. */

const { execFileSync } = require('node:child_process')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')

/**
 * Runs the body of an async function in a fresh process; gives what it returns. `settle` lets
 * everything end that is about to, and collects garbage.
 */
function run (body) {
  const program = `
    const Wire = require('./index.js')
    const { countWires } = require('./lib/native/index.js')
    const settle = async () => {
      for (let turns = 0; turns < 10; turns++) await collect()
    }
    const collect = async () => {
      await new Promise(resolve => setImmediate(resolve))
      gc()
    }
    ;(async () => { ${body} })().then(result => process.stdout.write(JSON.stringify(result)))`
  const flags = ['--expose-gc', '--eval', program]
  return JSON.parse(execFileSync(process.execPath, flags, { cwd: ROOT, encoding: 'utf8' }))
}

test('a wire that nobody closes is freed with its object', () => {
  expect(run(`
    for (let i = 0; i < 1000; i++) new Wire().unchoke()
    const before = countWires()
    // What still stands on the stack may keep some of them for a while.
    for (let turns = 0; countWires() > 0 && turns < 1000; turns++) await collect()
    return [before, countWires()]
  `)).toEqual([1000, 0])
})

test('a wire that is closed is freed at once, though its object stays', () => {
  expect(run(`
    const wires = Array.from({ length: 100 }, () => new Wire())
    for (const wire of wires) wire.destroy()
    await settle()
    return [wires.length, countWires(), wires[0].statistics.sent.messages]
  `)).toEqual([100, 0, 0])
})

test('the end of an object that was closed leaves the wire alone that has its number', () => {
  expect(run(`
    const live = []
    for (let round = 0; round < 50; round++) {
      const old = new Wire()
      old.destroy()
      await new Promise(resolve => old.once('close', resolve))
      live.push(new Wire())
    }
    await settle()
    for (const wire of live) wire.have(1)
    return [countWires(), live.filter(wire => wire.statistics.sent.messages === 1).length]
  `)).toEqual([50, 50])
})
