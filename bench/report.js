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
function goal ({ goal, limit, better, strict, unit }) {
  const sign = better === 'less' ? (strict ? '<' : '≤') : (strict ? '>' : '≥')
  if (limit !== undefined) return `${sign} ${limit} ${unit}`
  return goal === undefined ? '–' : `${sign} ${goal}`
}

/** Whether the goal is met, in words. */
function verdict ({ met, failures }) {
  if (failures.ours) return 'failed'
  return met === null ? '–' : met ? 'met' : '**not met**'
}

/** The ratio of a row with its spread. */
function ratio ({ ratio }) {
  return ratio ? `${digits(ratio.median)} (${digits(ratio.min)}–${digits(ratio.max)})` : '–'
}

/**
 * The whole table in Markdown.
 * @param {object[]} rows
 * @returns {string}
 */
function table (rows) {
  const cells = rows.map(row => {
    const { medians, unit, baseline } = row
    const theirs = `${figure(medians[baseline], unit)}${baseline === 'upstream' ? '' : ` (${baseline})`}`
    return [row.name, figure(medians.ours, unit), theirs, figure(medians['peer-wire-protocol'], unit),
      ratio(row), goal(row), verdict(row)]
  })
  const head = ['work', 'ours', 'bittorrent-protocol 5.0.9', 'peer-wire-protocol 0.7.1', 'ours ÷ theirs (min–max)', 'goal', '']
  const widths = head.map((title, i) => Math.max(3, title.length, ...cells.map(cell => cell[i].length)))
  const line = cell => `| ${cell.map((text, i) => text.padEnd(widths[i])).join(' | ')} |`
  return [line(head), `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`, ...cells.map(line)].join('\n')
}

/** What went wrong, a line each. */
function failures (rows) {
  return rows.flatMap(row => Object.entries(row.failures).map(([who, why]) => `- ${row.name}: ${who}: ${why}`))
}

/**
 * The page `RESULTS.md`.
 * @param {object[]} rows
 * @param {{ rounds: number, minutes: number, ours: string }} run
 * @returns {string}
 */
function page (rows, { rounds, minutes, ours }) {
  const judged = rows.filter(row => row.met !== null || row.failures.ours)
  const reached = judged.filter(row => row.met).length
  const broken = failures(rows)
  return `# Results

Written by \`npm run bench\`, not by hand. Everybody runs in turn in one process (memory and loop
delay: in child processes of their own), ${rounds} rounds in alternating order; a figure is the median
of the rounds, a ratio the median of the ratios of each round, with the least and the greatest of
them. One wire of each stays alive all the while, as in any process that has more than one. Every
run checks that its work was done: how many events, which bytes.

${machine()}, ${new Date().toISOString().slice(0, 10)}, ${minutes} minutes, ours: ${ours}. Figures depend on
the machine and on who else is at work on it; the ratios much less so.

${table(rows)}

**${reached} of ${judged.length} goals met.**

![Ratios](ratios.svg)

## What each row does

${[...new Map(rows.map(row => [row.about, row])).values()].map(row => `- *${row.name}*: ${row.about}.`).join('\n')}
${broken.length ? `\n## What failed\n\n${broken.join('\n')}\n` : ''}`
}

/** The machine in general words. */
function machine () {
  const cores = os.availableParallelism?.() ?? os.cpus().length
  return `${os.type()} ${os.arch()}, ${cores} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node.js ${process.versions.node}`
}

module.exports = { digits, failures, figure, goal, page, table }
