'use strict'

const { digits, figure, part } = require('./report.js')

const WIDTH = 900
const LEFT = 340
const RIGHT = 190
const TOP = 64
const ROW = 30
const HEADING = 40
const BAR = 16
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]

/**
 * A bar chart of how many times better ours is, on a log scale: bars to the right of 1 are ahead,
 * a mark is the goal. Where less is better (memory, time) the ratio is turned over. Applications
 * come first: they are what users run.
 * @param {object[]} rows as `measure` returns them
 * @returns {string} SVG, readable on a light and on a dark page
 */
function chart (rows) {
  const { applications, wires } = part(rows.filter(({ ratio, charted }) => ratio && charted))
  const groups = [
    { heading: 'Applications, with one wire or the other in them', bars: applications.map(bar) },
    { heading: 'Wires alone', bars: wires.map(bar) }
  ].filter(({ bars }) => bars.length)
  const bars = groups.flatMap(({ bars }) => bars)
  const values = bars.flatMap(({ value, least, most, goal }) => [value, least, most, goal ?? 1])
  const low = Math.min(0.5, ...values) / 1.15
  const high = Math.max(2, ...values) * 1.15
  const height = TOP + groups.length * HEADING + bars.length * ROW + 34
  const bottom = height - 30
  const x = value => round(LEFT + (WIDTH - LEFT - RIGHT) * Math.log(value / low) / Math.log(high / low))

  const ticks = TICKS.filter(tick => tick >= low && tick <= high).map(tick => `
  <line class="${tick === 1 ? 'one' : 'tick'}" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 8}" y2="${bottom}"/>
  <text class="small" x="${x(tick)}" y="${bottom + 18}" text-anchor="middle">${tick}×</text>`)

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">
  <title id="title">How many times better this package is than bittorrent-protocol 5.0.9</title>
  <style>
    text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
    .head { font-size: 16px; font-weight: 600 }
    .group { font-weight: 600 }
    .small { font-size: 12px; fill: #59636e }
    .tick { stroke: #d1d9e0 } .one { stroke: #59636e }
    .ahead { fill: #2f7d6d } .behind { fill: #c0562f }
    .spread { stroke: #1f2328; stroke-width: 1.5 } .goal { stroke: #9a6700; stroke-width: 2.5 }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc } .small { fill: #9198a1 }
      .tick { stroke: #3d444d } .one { stroke: #9198a1 }
      .ahead { fill: #3fa796 } .behind { fill: #db7145 }
      .spread { stroke: #f0f6fc } .goal { stroke: #e3b341 }
    }
  </style>
  <text class="head" x="12" y="24">Times better than bittorrent-protocol 5.0.9</text>
  <line class="goal" x1="${LEFT}" x2="${LEFT}" y1="34" y2="48"/>
  <text class="small" x="${LEFT + 8}" y="45">goal</text>
  <line class="spread" x1="${LEFT + 52}" x2="${LEFT + 72}" y1="41" y2="41"/>
  <text class="small" x="${LEFT + 78}" y="45">least and greatest round; logarithmic</text>${ticks.join('')}
${drawGroups(groups, x)}
</svg>
`
}

/** All rows, those of a group below its heading. */
function drawGroups (groups, x) {
  let y = TOP
  return groups.flatMap(({ heading, bars }) => {
    const title = `  <text class="group" x="12" y="${y + 18}">${escape(heading)}</text>`
    y += HEADING
    return [title, ...bars.map(bar => {
      y += ROW
      return draw(bar, y - ROW, x)
    })]
  }).join('\n')
}

/** What is drawn of a row. */
function bar ({ name, unit, towards, baseline, ratio, goal, medians, failures }) {
  const turn = towards === 'less' ? value => 1 / value : value => value
  const [least, most] = [turn(ratio.min), turn(ratio.max)].sort((a, b) => a - b)
  return {
    name: baseline === 'upstream' ? name : `${name} (vs. ${baseline})`,
    value: turn(ratio.median),
    least,
    most,
    goal: goal && turn(goal),
    label: `${digits(turn(ratio.median))}×${failures.ours ? ', failed' : ''}`,
    figures: figure(medians.ours, unit)
  }
}

/** One row: its name, its bar from 1, the goal's mark, the spread, figures at the right. */
function draw ({ name, value, least, most, goal, label, figures }, y, x) {
  const middle = y + BAR / 2
  const from = Math.min(x(1), x(value))
  const width = round(Math.abs(x(value) - x(1)))
  const mark = goal ? `<line class="goal" x1="${x(goal)}" x2="${x(goal)}" y1="${y - 3}" y2="${y + BAR + 3}"/>` : ''
  return `  <text x="${LEFT - 12}" y="${middle + 4}" text-anchor="end">${escape(name)}</text>
  <rect class="${value >= 1 ? 'ahead' : 'behind'}" x="${from}" y="${y}" width="${Math.max(1, width)}" height="${BAR}" rx="2"/>
  <line class="spread" x1="${x(least)}" x2="${x(most)}" y1="${middle}" y2="${middle}"/>${mark}
  <text x="${WIDTH - RIGHT + 14}" y="${middle + 4}">${label} <tspan class="small" dx="4">${escape(figures)}</tspan></text>`
}

/** @param {number} value */
const round = value => Math.round(value * 10) / 10

/** @param {string} text */
const escape = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')

module.exports = chart
