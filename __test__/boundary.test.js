'use strict'

/** The rule of docs/architecture.md: a number that crosses belongs to the call that made it. */

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const ROOM = path.join(ROOT, 'lib/native')
const DOOR = path.join(ROOM, 'index.js')
/** What only this room may load: the addon, and with it the memory. */
const ADDON = [path.join(ROOT, 'lib/load.js'), path.join(ROOT, 'binding.js')]

function filesOf (folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const file = path.join(folder, entry.name)
    return entry.isDirectory() ? filesOf(file) : file.endsWith('.js') ? [file] : []
  })
}

/** What a file requires by a path of its own. */
function requiredBy (file) {
  return [...fs.readFileSync(file, 'utf8').matchAll(/require\('(\.[^']*)'\)/g)]
    .map(([, name]) => require.resolve(path.resolve(path.dirname(file), name)))
}

const outside = [path.join(ROOT, 'index.js'), ...filesOf(path.join(ROOT, 'lib')), ...filesOf(path.join(ROOT, 'compat'))]
  .filter(file => path.dirname(file) !== ROOM && !ADDON.includes(file))

test('everybody reaches the engine by one door', () => {
  const required = outside.flatMap(requiredBy)
  expect(required).toContain(DOOR)
  expect(required.filter(file => path.dirname(file) === ROOM && file !== DOOR)).toEqual([])
  expect(required.filter(file => ADDON.includes(file))).toEqual([])
})

test('nothing but functions and constants goes through it', () => {
  for (const value of Object.values(require(DOOR))) expect(['function', 'number']).toContain(typeof value)
})

test('what goes through it is quick to find', () => {
  const program = `process.stdout.write(String(%HasFastProperties(require(${JSON.stringify(DOOR)}))))`
  expect(execFileSync(process.execPath, ['--allow-natives-syntax', '--eval', program], { encoding: 'utf8' })).toBe('true')
})
