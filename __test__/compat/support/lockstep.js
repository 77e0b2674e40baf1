'use strict'

/**
 * Random sessions that two wires with the same API play side by side: the peer's bytes and the
 * application's calls are the same, and so must be the events, the callbacks, the state and the
 * bytes that are sent.
 */

const { createHash } = require('node:crypto')
const { Random } = require('../../helpers/random')

/** One of the two, and what has happened on it. */
class Player {
  /**
   * @param {import('node:stream').Duplex} wire
   * @param {object} game see `play`
   */
  constructor (wire, game) {
    this.wire = wire
    this.game = game
    this.log = []
    this.sent = []
    /** Functions that answer requests of the peer, in the order in which these came. */
    this.responders = []
    for (const event of game.events) wire.on(event, (...args) => this.onEvent(event, args))
    wire.on('data', chunk => this.sent.push(chunk))
  }

  onEvent (event, args) {
    if (event === 'request' && typeof args[3] === 'function') this.responders.push(args[3])
    this.log.push([event, ...args.map(show), this.game.state(this.wire, event)].join(' '))
  }

  /** Does one step and waits until all is still. */
  async step ({ feed, call }) {
    if (feed) for (const chunk of feed) this.wire.write(chunk)
    if (call) this.call(call)
    await turn()
    await turn()
    this.log.push(`sent ${show(Buffer.concat(this.sent.splice(0)))}`)
  }

  call ([name, ...args]) {
    if (name === 'respond') return this.responders[args[0]](...args.slice(1))
    if (name === 'request') args.push((error, block) => this.log.push(`callback ${show(error)} ${show(block)}`))
    this.wire[name](...args)
  }
}

/**
 * Plays a session.
 * @param {number} seed
 * @param {object} game
 * @param {() => object} game.original makes a wire
 * @param {() => object} game.ours makes a wire
 * @param {string[]} game.events to compare
 * @param {(wire: object, event: string) => string} game.state to compare in each event
 * @param {(random: Random) => object[]} game.open the first steps
 * @param {(random: Random, player: Player) => object} game.next a step: bytes of the peer as
 *   `feed`, or a `call` of the application
 * @param {object[]=} game.close the last steps
 * @throws {Error} where they differ
 */
async function play (seed, game) {
  const random = new Random(seed)
  const original = new Player(game.original(), game)
  const ours = new Player(game.ours(), game)
  const both = async step => {
    if (step.feed) step = { feed: cut(step.feed, random) }
    for (const player of [original, ours]) await player.step(step)
    compare(seed, original.log, ours.log)
  }
  for (const step of game.open(random)) await both(step)
  const length = 5 + random.below(60)
  for (let i = 0; i < length; i++) await both(game.next(random, original))
  for (const step of game.close ?? []) await both(step)
  return original.log
}

/**
 * Plays a session of each seed from 1 on, `SESSION_COUNT` of them.
 * @param {number} count unless that is set
 * @param {() => object} makeGame gives the game of a session
 * @returns {Promise<Set<string>>} what was logged in any of them: events, `callback`, `sent`
 */
async function playAll (count, makeGame) {
  const seen = new Set()
  for (let seed = 1; seed <= Number(process.env.SESSION_COUNT ?? count); seed++) {
    for (const line of await play(seed, makeGame())) seen.add(line.split(' ')[0])
  }
  return seen
}

/** Cuts bytes into chunks, often none. */
function cut (bytes, random) {
  if (random.below(2) === 0) return [bytes]
  const longest = random.pick([1, 7, 100, 5000])
  const chunks = []
  for (let at = 0; at < bytes.length;) {
    const length = Math.max(Math.ceil(bytes.length / 200), 1 + random.below(longest))
    chunks.push(bytes.subarray(at, at + length))
    at += length
  }
  return chunks
}

function compare (seed, expected, actual) {
  const at = expected.findIndex((line, i) => line !== actual[i])
  if (at === -1 && expected.length === actual.length) return
  const first = at === -1 ? expected.length : at
  throw new Error([
    `session ${seed} differs`,
    ...expected.slice(Math.max(0, first - 6), first).map(line => `          ${line}`),
    `original  ${expected[first] ?? '(nothing)'}`,
    `ours      ${actual[first] ?? '(nothing)'}`
  ].join('\n'))
}

/** One text for a value, whatever made it. */
function show (value) {
  if (value instanceof Uint8Array) {
    return value.length <= 40 ? `<${Buffer.from(value).toString('hex')}>` : `<${value.length} bytes, ${digest(value)}>`
  }
  if (typeof value === 'function') return 'function'
  if (typeof value?.digest === 'function') return `hash ${value.copy().digest('hex')}`
  if (typeof value?.message === 'string') return `Error(${value.message})`
  if (typeof value?.get === 'function') return `bits ${show(value.buffer)}`
  if (Array.isArray(value)) return `[${Array.from(value, show).join(',')}]`
  if (value !== null && typeof value === 'object') {
    // A flag that is not set may as well be missing.
    return `{${Object.keys(value).filter(key => value[key] !== false).sort().map(key => `${key}:${show(value[key])}`).join(',')}}`
  }
  return String(value)
}

function digest (bytes) {
  return createHash('sha1').update(bytes).digest('hex')
}

/** Everything that is under way happens before this resolves. */
function turn () {
  return new Promise(resolve => setImmediate(resolve))
}

module.exports = { playAll, show, turn }
