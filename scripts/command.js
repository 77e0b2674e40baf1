'use strict'

// How the scripts start other programs. It may require nothing but Node.js itself.

const { spawn, spawnSync } = require('node:child_process')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')

/**
 * Runs a program and keeps what it prints.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} [options] where: in the root of the package by
 *   default; `env` besides this process's own
 * @returns {Promise<{ code: number, output: string }>} never rejects
 */
function run (command, args, { cwd = ROOT, env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // npm is a batch file on Windows.
      shell: command === 'npm' && process.platform === 'win32'
    })
    let output = ''
    const collect = (chunk) => { output += chunk }
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    child.on('error', (err) => resolve({ code: 1, output: `${command}: ${err.message}` }))
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

/**
 * Runs a program in the root of the package, and shows what it prints.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 * @returns {number} its exit status
 */
function show (command, args, options) {
  return spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', ...options }).status ?? 1
}

/** Runs npm: under `npm run` the very one that runs, elsewhere the one on the PATH. */
function npm (args) {
  const cli = process.env.npm_execpath
  return cli && path.basename(cli).startsWith('npm-cli')
    ? run(process.execPath, [cli, ...args])
    : run('npm', args)
}

/**
 * @param {string} output
 * @param {number} count
 * @returns {string} the last lines of it, indented
 */
function lastLines (output, count) {
  return output.trimEnd().split('\n').slice(-count).map((line) => `  ${line}`).join('\n')
}

module.exports = { run, show, npm, lastLines, ROOT }
