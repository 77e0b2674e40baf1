'use strict'

const os = require('node:os')

/**
 * A figure with its unit, three digits of it.
 * @param {number | undefined} value
 * @param {string} unit rates are 'B/s' or '…/s'
 * @returns {string}
 */
function figure (value, unit) {
  if (value === undefined || Number.isNaN(value)) return '–'
  for (const [prefix, size] of [['G', 1e9], ['M', 1e6], ['k', 1e3]]) {
    if (value >= size) return `${digits(value / size)} ${prefix}${unit === 'B' || unit === 'B/s' ? '' : ' '}${unit}`
  }
  return `${digits(value)} ${unit}`
}

/** @param {number} value */
function digits (value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

/** The goal of a row, in words. */
function goal ({ goal, limit, better, towards, strict, unit }) {
  const sign = direction => direction === 'less' ? (strict ? '<' : '≤') : (strict ? '>' : '≥')
  if (limit !== undefined) return `${sign(better)} ${figure(limit, unit)}`
  return goal === undefined ? '–' : `${sign(towards)} ${goal}`
}

/** Whether the goal is met, in words. */
function verdict ({ met, failures, skipped }) {
  if (skipped) return 'left out'
  if (failures.ours) return '**failed**'
  return met === null ? '–' : met ? 'met' : '**not met**'
}

/** The ratio of a row with its spread. */
function ratio ({ ratio }) {
  return ratio ? `${digits(ratio.median)} (${digits(ratio.min)}–${digits(ratio.max)})` : '–'
}

const WHAT = { title: 'work', cell: ({ name }) => name }
const OURS = { title: 'ours', cell: ({ medians, unit }) => figure(medians.ours, unit) }
const THEIRS = {
  title: 'bittorrent-protocol 5.0.9',
  cell: ({ medians, unit, baseline }) => `${figure(medians[baseline], unit)}${baseline === 'upstream' ? '' : ` (${baseline})`}`
}
const OLDER = { title: 'peer-wire-protocol 0.7.1', cell: ({ medians, unit }) => figure(medians['peer-wire-protocol'], unit) }
const GOAL = { title: 'goal', cell: goal }
const VERDICT = { title: '', cell: verdict }

/** The columns of the two tables. */
const APPLICATIONS = [WHAT, OURS, THEIRS, { title: 'gain (min–max)', cell: ratio }, GOAL, VERDICT]
const WIRES = [WHAT, OURS, THEIRS, OLDER, { title: 'ours ÷ theirs (min–max)', cell: ratio }, GOAL, VERDICT]

/**
 * Rows as a table in Markdown.
 * @param {object[]} rows
 * @param {{ title: string, cell: (row: object) => string }[]} columns
 * @returns {string}
 */
function markdown (rows, columns) {
  const cells = rows.map(row => columns.map(({ cell }) => cell(row)))
  const widths = columns.map(({ title }, i) => Math.max(3, title.length, ...cells.map(line => line[i].length)))
  const line = cell => `| ${cell.map((text, i) => text.padEnd(widths[i])).join(' | ')} |`
  const head = columns.map(({ title }) => title)
  return [line(head), `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`, ...cells.map(line)].join('\n')
}

/** @param {object[]} rows */
function part (rows) {
  return {
    applications: rows.filter(({ application }) => application),
    wires: rows.filter(({ application }) => !application)
  }
}

/**
 * Everything that was measured, as tables in Markdown: applications, and wires alone.
 * @param {object[]} rows
 * @returns {string}
 */
function tables (rows) {
  const { applications, wires } = part(rows)
  return [
    ...applications.length ? [markdown(applications, APPLICATIONS)] : [],
    ...wires.length ? [markdown(wires, WIRES)] : []
  ].join('\n\n')
}

/** What went wrong and what was left out, a line each. */
function failures (rows) {
  const names = new Map()
  for (const { name, failures, skipped } of rows) {
    const lines = Object.entries(failures).map(([who, why]) => `${who}: ${why}`)
    if (skipped) lines.push(`left out: ${skipped}`)
    for (const line of lines) names.set(line, [...names.get(line) ?? [], name])
  }
  return [...names].map(([line, names]) => `- ${names.join('; ')}: ${line}`)
}

/** What each workload does, a line each. */
function explanations (rows) {
  return [...new Map(rows.map(row => [row.about, row])).values()]
    .map(({ title, name, about }) => `- *${title ?? name}*: ${about}.`).join('\n')
}

/**
 * The page `RESULTS.md`.
 * @param {object[]} rows
 * @param {{ rounds: { applications: number, wires: number }, minutes: string, ours: string }} run
 * @returns {string}
 */
function page (rows, { rounds, minutes, ours }) {
  const judged = rows.filter(row => row.met !== null || row.failures.ours)
  const reached = judged.filter(row => row.met && !row.failures.ours).length
  const { applications, wires } = part(rows)
  const broken = failures(rows)
  return `# Results

Written by \`npm run bench\`, not by hand. Everybody runs in turn, in alternating order; a figure is
the median of the rounds, a ratio the median of the ratios of each round, with the least and the
greatest of them. Every run checks that its work was done: how many events, which bytes.

${machine()}, ${new Date().toISOString().slice(0, 10)}, ${minutes} minutes, ours: ${ours}. Figures depend on
the machine and on who else is at work on it; the ratios much less so.

**${reached} of ${judged.length} goals met.**

![Ratios](ratios.svg)

## Applications

What users run, with one wire or the other in it; ${rounds.applications} rounds. A gain is how many times better ours
is: theirs ÷ ours of time, CPU and delay, ours ÷ theirs of speed. Each side of a transfer is a
process of its own. The slower one makes the time: what the other one saves shows in its CPU, which
is that of all threads, user and system. A transfer with one reject, timeout, violation or lost
connection has failed.

${markdown(applications, APPLICATIONS)}

${explanations(applications)}

## Wires alone

One process (memory and loop delay: child processes of their own), ${rounds.wires} rounds. One wire of each stays
alive all the while, as in any process that has more than one. They tell where time goes.

${markdown(wires, WIRES)}

${explanations(wires)}
${broken.length ? `\n## What failed\n\n${broken.join('\n')}\n` : ''}`
}

/** The machine in general words. */
function machine () {
  const cores = os.availableParallelism?.() ?? os.cpus().length
  return `${os.type()} ${os.arch()}, ${cores} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node.js ${process.versions.node}`
}

module.exports = { digits, failures, figure, page, part, tables }
