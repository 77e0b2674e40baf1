'use strict'

// docs/platforms.md: a row for each runtime and platform on which the tests were played, as the run
// itself found it. A run replaces its own rows, and leaves those of others.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('../command')
const { ROWS } = require('./figures')

const FILE = path.join(ROOT, 'docs/platforms.md')

const COLUMNS = ['platform', 'runtime', 'version', 'tests', 'passed', 'failed', 'skipped', ...ROWS.map(({ title }) => title), 'seen on']
const BUILT_COLUMNS = ['target', 'what was done', 'seen on']

const BEGIN = '<!-- rows: written by scripts/platforms/page.js -->'
const END = '<!-- end of rows -->'

/**
 * @typedef {object} Row what a run found
 * @property {string} platform as in `npm/`; with ` (qemu)` where the processor was emulated
 * @property {string} runtime
 * @property {string} version that the runtime itself told
 * @property {string} tests `all` of `npm run test:binary`, or `a choice`
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string[]} figures one for each of `ROWS`
 */

/**
 * Writes what was found into the page.
 * @param {Row[]} rows
 * @param {{ target: string, done: string }[]} [built] what was built or checked, and not run
 */
function writePage (rows, built = []) {
  const today = new Date().toISOString().slice(0, 10)
  const page = fs.readFileSync(FILE, 'utf8')
  const tested = merge(cells(page, 0), rows.map(({ platform, runtime, version, tests, passed, failed, skipped, figures }) =>
    [platform, runtime, version, tests, passed, failed, skipped, ...figures, today]), 2)
  const checked = merge(cells(page, 1), built.map(({ target, done }) => [target, done, today]), 1)
  const tables = [table(COLUMNS, tested), table(BUILT_COLUMNS, checked)]
  fs.writeFileSync(FILE, page.split(BEGIN).map((part, i) => {
    if (i === 0) return part
    return `\n${tables[i - 1]}${END}${part.split(END)[1]}`
  }).join(BEGIN))
}

/** @returns {string[][]} the rows of a table that is in the page */
function cells (page, which) {
  return page.split(BEGIN)[which + 1].split(END)[0].trim().split('\n').slice(2)
    .map(line => line.split('|').slice(1, -1).map(cell => cell.trim()))
}

/** The old rows, each replaced by the new one with the same first cells, and the rest of the new ones. */
function merge (old, rows, keys) {
  const keyOf = row => row.slice(0, keys).join()
  const found = new Map([...old, ...rows].map(row => [keyOf(row), row]))
  return [...found.values()].sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1)
}

function table (columns, rows) {
  return [columns, columns.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |\n`).join('')
}

module.exports = { writePage }
