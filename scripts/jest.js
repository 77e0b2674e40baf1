'use strict'

// Runs jest and reads what it reports. It may require nothing but Node.js itself.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { lastLines, ROOT } = require('./command')

/** Lines that are worth showing of what a test says that fails, and of what jest does that reports nothing. */
const FIRST_LINES = 40
const LAST_LINES = 60

/**
 * @param {(args: string[]) => Promise<{ code: number, output: string }>} start Node.js, or what is in its place
 * @param {string[]} flags besides those for a machine to read
 * @returns {Promise<{ passed: number, failed: number, skipped: number, failures: string }>} `failures`: the
 *   names of the tests that failed, and what each said; empty if none did
 */
async function runJest (start, flags) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bittorrent-protocol-native-'))
  try {
    const file = path.join(folder, 'jest.json')
    const { code, output } = await start([
      path.join(ROOT, 'node_modules/jest/bin/jest.js'), '--ci', '--silent', '--reporters=default', '--json', `--outputFile=${file}`,
      ...flags
    ])
    const report = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : null
    const counts = count(report)
    if (code === 0) return { ...counts, failures: '' }
    const told = report === null ? '' : describe(report.testResults)
    return { ...counts, failed: Math.max(1, counts.failed), failures: told || lastLines(output, LAST_LINES) }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

function count (report) {
  if (report === null) return { passed: 0, failed: 0, skipped: 0 }
  return {
    passed: report.numPassedTests,
    // A file that cannot be loaded has no tests.
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests
  }
}

/** First the names, which are to be seen whatever is cut off. */
function describe (files) {
  const failures = files.flatMap(file => {
    const name = path.relative(ROOT, file.name)
    const failed = file.assertionResults.filter(({ status }) => status === 'failed')
    if (failed.length > 0) return failed.map(test => ({ name: `${name}: ${test.fullName}`, message: test.failureMessages.join('\n') }))
    return file.status === 'failed' ? [{ name, message: file.message }] : []
  })
  const names = failures.map(({ name }) => `  ${name}`)
  const messages = failures.map(({ name, message }) => `\n  ${name}\n${firstLines(message)}`)
  return [...names, ...messages].join('\n')
}

function firstLines (text) {
  return text.trimEnd().split('\n').slice(0, FIRST_LINES).map(line => `    ${line}`).join('\n')
}

module.exports = { runJest }
