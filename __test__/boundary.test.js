'use strict'

/** The rule of docs/architecture.md: a number that crosses belongs to the call that made it. */

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { hasV8Natives, testIf } = require('./helpers/runtime')

const ROOT = path.join(__dirname, '..')
const ROOM = path.join(ROOT, 'lib/native')
const DOOR = path.join(ROOM, 'index.js')
/** The native transport has memory of its own, and a door to it that is for its own rooms. */
const TRANSPORT = [path.join(ROOT, 'lib/net'), path.join(ROOT, 'lib/utp')]
const TRANSPORT_DOOR = path.join(TRANSPORT[0], 'native.js')
/** What knows neither memory. */
const SURFACE = path.join(ROOT, 'lib/surface.js')
/** What only those who share memory may load: the addon. */
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

const outside = [path.join(ROOT, 'index.js'), path.join(ROOT, 'net.js'), ...filesOf(path.join(ROOT, 'lib')), ...filesOf(path.join(ROOT, 'compat'))]
  .filter(file => path.dirname(file) !== ROOM && file !== TRANSPORT_DOOR && !ADDON.includes(file))

test('everybody reaches the engine by one door', () => {
  const required = outside.flatMap(requiredBy)
  expect(required).toContain(DOOR)
  expect(required.filter(file => path.dirname(file) === ROOM && file !== DOOR)).toEqual([])
  expect(required.filter(file => ADDON.includes(file))).toEqual([])
})

test('only the transport reaches its own memory, and of the engine nothing', () => {
  expect(outside.filter(file => !TRANSPORT.includes(path.dirname(file))).flatMap(requiredBy)).not.toContain(TRANSPORT_DOOR)
  expect(requiredBy(TRANSPORT_DOOR)).toEqual([ADDON[0], SURFACE])
})

test.each([DOOR, TRANSPORT_DOOR])('nothing but functions and constants goes through %s', door => {
  for (const value of Object.values(require(door))) expect(['function', 'number']).toContain(typeof value)
})

testIf(hasV8Natives)('what goes through it is quick to find', () => {
  const program = `process.stdout.write(String(%HasFastProperties(require(${JSON.stringify(DOOR)}))))`
  expect(execFileSync(process.execPath, ['--allow-natives-syntax', '--eval', program], { encoding: 'utf8' })).toBe('true')
})
