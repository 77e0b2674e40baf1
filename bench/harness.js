'use strict'

const v8 = require('node:v8')
const vm = require('node:vm')

if (!process.versions.bun) v8.setFlagsFromString('--expose-gc')
const gc = process.versions.bun ? () => globalThis.Bun.gc(true) : vm.runInNewContext('gc')

/**
 * @typedef {object} Metric
 * @property {string} name the row's title
 * @property {string} unit
 * @property {number} [goal] the ratio to reach: speed-up for rates; where less is better, ours ÷ theirs,
 *   and theirs ÷ ours for an application
 * @property {number} [limit] an absolute goal, in `unit`
 * @property {'more' | 'less'} [better] 'more' by default
 * @property {boolean} [strict] the goal itself is not enough
 * @property {string} [key] of the value in what `run` returns; 'value' by default
 * @property {boolean} [charted] whether the chart has a bar for it; true by default
 */

/**
 * @typedef {object} Run what one run of a workload returns: a rate's two halves, or values
 * @property {number} [amount] of work done and verified
 * @property {number} [seconds] that it took
 * @property {string[]} [faults] what went wrong all the same: the row has failed, with its figures
 */

/**
 * Of `workloads/` or `applications/`: either one metric's fields, or `metrics` for several of one measurement.
 * @typedef {object} Workload
 * @property {Metric[]} [metrics]
 * @property {string} [title] of all of them; the name of the last one by default
 * @property {string} about what is measured, in one sentence
 * @property {string} [baseline] whom ours is compared with: 'upstream' by default
 * @property {boolean} [application] what users run: its ratios are gains, more is always better
 * @property {string[]} [contenders] who takes part; everybody by default
 * @property {boolean} [encrypted] only for those who know MSE
 * @property {object[]} [extras] who takes part in this one besides
 * @property {number} [scale] how many times longer than usual a run lasts
 * @property {boolean} [fresh] each run is in processes of its own, and so there is none before the first round
 * @property {() => Promise<string | undefined>} [skip] why it cannot run here, if it cannot
 * @property {(contenders: object[], options: { mib?: number }) => any} [prepare] once, outside the clock
 * @property {(contender: object, n: number, thorough: boolean) => Promise<Run & Record<string, number>>} run
 *   `n` units of work, verified; `thorough`: every byte of it (never on the clock)
 * @property {() => any} [finish] once, after the last round
 */

/**
 * Runs a workload: everybody in turn, in each round in the other order.
 * @param {Workload} workload
 * @param {object[]} contenders
 * @param {{ rounds: number, ms: number, mib?: number }} options `ms`: how long one run lasts, about;
 *   `mib`: what an application transfers, instead of its own amount
 * @returns {Promise<object[]>} one result a metric
 */
async function measure (workload, contenders, { rounds, ms, mib }) {
  const failures = {}
  const faults = {}
  const runs = {}
  const takers = contenders.filter(({ name, encrypts }) =>
    (workload.contenders ?? [name]).includes(name) && (encrypts || !workload.encrypted))
  if (contenders.length > 1) takers.push(...workload.extras ?? [])
  const metrics = workload.metrics ?? [workload]

  /** What one contender cannot do is noted, and the others go on. */
  const attempt = async (contender, work) => {
    if (failures[contender.name]) return
    try {
      await work()
    } catch (err) {
      failures[contender.name] = err.message
    }
  }

  const skipped = await workload.skip?.()
  if (skipped) return metrics.map(metric => ({ ...summarize(workload, metric, {}, {}), skipped }))
  await workload.prepare?.(takers, { mib })
  for (const { name } of takers) runs[name] = []
  const sizes = workload.fresh ? {} : await sizeUp(workload, takers, ms * (workload.scale ?? 1), attempt)
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 ? [...takers].reverse() : takers
    for (const contender of order) {
      await attempt(contender, async () => {
        gc()
        const run = await workload.run(contender, sizes[contender.name] ?? 1, false)
        if (run.faults?.length) faults[contender.name] ??= run.faults.join(', ')
        runs[contender.name][round] = run
      })
    }
  }
  await workload.finish?.()

  for (const name of Object.keys(failures)) delete runs[name]
  return metrics.map(metric => summarize(workload, metric, runs, { ...faults, ...failures }))
}

/**
 * Warms everybody up.
 * @returns {Promise<Record<string, number>>} how many units of work last `ms`, by contender
 */
async function sizeUp (workload, takers, ms, attempt) {
  const sizes = {}
  for (const contender of takers) {
    await attempt(contender, async () => { sizes[contender.name] = await warm(workload, contender, ms) })
  }
  for (const contender of takers) {
    await attempt(contender, async () => {
      sizes[contender.name] = await calibrate(workload, contender, sizes[contender.name], ms)
    })
  }
  return sizes
}

/**
 * The first run verifies every byte, then ever longer ones until the code is compiled.
 * @returns {Promise<number>} units of work that last at least half of `ms`
 */
async function warm (workload, contender, ms) {
  const first = await workload.run(contender, 1, true)
  if (first.seconds === undefined) return 1
  let n = 1
  for (;;) {
    const { seconds } = await workload.run(contender, n, false)
    if (seconds * 1000 >= ms / 2) return n
    n = Math.ceil(n * Math.min(10, Math.max(2, ms / (seconds * 1000))))
  }
}

/** How many units of work last `ms`, now that everybody is warm. */
async function calibrate (workload, contender, n, ms) {
  if (n === 1) return n
  const { seconds } = await workload.run(contender, n, false)
  return Math.max(1, Math.round(n * ms / (seconds * 1000)))
}

/** One metric's row: each contender's median, and the ratios of ours to the baseline, round by round. */
function summarize (workload, metric, runs, failures) {
  const { name, unit, goal, limit, better = 'more', strict = false, charted = true, key = 'value' } = metric
  const { about, title, application = false, baseline = 'upstream' } = workload
  const values = {}
  for (const [contender, list] of Object.entries(runs)) {
    values[contender] = list.map(run => run.amount === undefined ? run[key] : run.amount / run.seconds)
  }
  const medians = Object.fromEntries(Object.entries(values).map(([contender, list]) => [contender, median(list)]))

  // An application's ratio is its gain, whatever is measured.
  const gains = application && better === 'less'
  let ratio = null
  if (values.ours && values[baseline]) {
    ratio = spread(values.ours.map((value, i) => gains ? values[baseline][i] / value : value / values[baseline][i]))
  }
  const towards = gains ? 'more' : better
  return {
    name,
    unit,
    better,
    towards,
    strict,
    goal,
    limit,
    charted,
    title,
    about,
    application,
    baseline,
    medians,
    ratio,
    met: met(),
    failures
  }

  function met () {
    if (limit !== undefined) return medians.ours === undefined ? null : compare(medians.ours, limit, better)
    return goal === undefined || !ratio ? null : compare(ratio.median, goal, towards)
  }

  function compare (value, bound, better) {
    if (strict && value === bound) return false
    return better === 'less' ? value <= bound : value >= bound
  }
}

/** @param {number[]} list */
function spread (list) {
  const sorted = [...list].sort((a, b) => a - b)
  return { median: median(list), min: sorted[0], max: sorted[sorted.length - 1], rounds: list.length }
}

/** @param {number[]} list */
function median (list) {
  const sorted = [...list].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

module.exports = { measure, median }
