'use strict'

const { Random } = require('../helpers/random')
const { Connection } = require('./connections')
const { ConnectedConnection } = require('./connected')
const { act, askOnce } = require('./random-actions')

/** How deep events within events may act. */
const DEPTH = 3
/** So many turns of the event loop in which nothing happens are the end of hope. */
const IDLE_TURNS = 300
/** After so many, applications that have edited lists do something. */
const NUDGE_AFTER = 100
const MOST_NUDGES = 3
/** The kernel and the thread pool take their time: these last a millisecond each. */
const IDLE_LONG_TURNS = 4000

/** What may be left out, to find out what something is about. */
const FEATURES = [
  'tcp', 'encryption', 'direct', 'strangers', 'throws', 'violations', 'closing', 'losing', 'edits', 'pulling', 'pausing',
  'relays', 'curious', 'open-ended', 'manual', 'through', 'streamx', 'proxies', 'subclasses', 'limits', 'fast', 'timers',
  'cancelling', 'late-requests', 'rates', 'fallback', 'late-news'
]

/**
 * Several wires at once, in random connections, with random applications: from one seed.
 */
class Session {
  /**
   * @param {Function} Wire
   * @param {number} seed
   * @param {object} surroundings
   * @param {import('./connections').Loopback} surroundings.loopback
   * @param {import('./thrown').Exceptions} surroundings.exceptions
   * @param {() => void} surroundings.onTurn
   * @param {import('./connected').Transport} [surroundings.transport] has wires of the native transport
   * @param {import('./late-news').LateNews} [surroundings.lateNews] where it is in use
   * @param {Set<string>} surroundings.without what is left out: some of `FEATURES`
   */
  constructor (Wire, seed, { loopback, transport, lateNews, exceptions, onTurn, without }) {
    this.Wire = Wire
    this.random = new Random(seed)
    this.loopback = loopback
    this.transport = transport
    this.exceptions = exceptions
    this.onTurn = onTurn
    this.without = without
    const { random } = this
    this.most = 1 + random.below(4)
    this.hasTcp = this.has('tcp', 3)
    this.hasEncryption = this.has('encryption', 3)
    this.doesThrow = this.has('throws', 2)
    /** Peers talk nonsense, and extensions fail. */
    this.isRude = this.has('violations', 4)
    /** How often something is closed or lost: once in so many actions. */
    this.closesOnceIn = this.has('closing') ? random.pick([30, 100, 1000]) : Infinity
    lateNews?.begin(this.has('late-news', 2) ? new Random(seed) : null)
    this.isQuiet = false
    this.depth = 0
    this.numbers = 0
    /** The wire whose method is being called. */
    this.calling = null
    /** Goes up whenever anything happens. */
    this.progress = 0
    this.failures = []
    this.counts = {}
    /** @type {Connection[]} */
    this.connections = []
    /** What is to be done, and in how many turns. */
    this.due = []
  }

  /** Whether something is played, once in so many times. */
  has (feature, onceIn = 1) {
    return this.random.below(onceIn) === 0 && !this.without.has(feature)
  }

  nextNumber () {
    return ++this.numbers
  }

  get players () {
    return this.connections.flatMap(({ players }) => players)
  }

  get parties () {
    return this.connections.flatMap(({ parties }) => parties)
  }

  fail (message) {
    if (this.failures.length < 20) this.failures.push(message)
  }

  count (name) {
    this.counts[name] = (this.counts[name] ?? 0) + 1
  }

  /** What was thrown on purpose may surface here; nothing else may. */
  guard (action) {
    try {
      action()
    } catch (error) {
      this.exceptions.surface(error, this)
    }
  }

  /** Nothing may leave a wire while one of its methods is being called. */
  checkQuiet (end) {
    if (this.calling?.end === end) this.calling.fail('sent something before the method that does was over')
  }

  //
  // TIME
  //

  async turn () {
    this.onTurn()
    for (const entry of this.due.splice(0)) {
      if (entry.turns-- > 0) this.due.push(entry)
      else this.guard(entry.action)
    }
    await new Promise(resolve => setImmediate(resolve))
  }

  async turns (count) {
    for (let i = 0; i < count; i++) await this.turn()
  }

  later (turns, action) {
    this.due.push({ turns, action })
  }

  /** At once, or a little later. */
  soon (action) {
    if (this.isQuiet || this.random.below(2) === 0) this.guard(action)
    else this.later(this.random.below(4), action)
  }

  /**
   * Waits as long as something happens.
   * @param {() => string | null} missing what has still to come
   */
  async settle (missing) {
    const hasOthers = this.connections.some(({ isTcp, isEncrypted }) => isTcp || isEncrypted)
    const most = hasOthers ? IDLE_LONG_TURNS : IDLE_TURNS
    let nudges = 0
    for (let idle = 0; missing() !== null && this.failures.length === 0;) {
      const before = this.progress
      await this.turn()
      if (hasOthers && idle > IDLE_TURNS) await new Promise(resolve => setTimeout(resolve, 1))
      idle = this.progress === before ? idle + 1 : 0
      if (idle === NUDGE_AFTER && nudges++ < MOST_NUDGES) this.nudge()
      if (idle > most) this.fail(`nothing happens any more: ${missing()}`)
    }
  }

  //
  // THE SESSION
  //

  /** @returns {Promise<string[]>} what is wrong */
  async play (steps) {
    for (let step = 0; step < steps && this.failures.length === 0; step++) {
      await this.open()
      for (let i = this.random.below(4); i >= 0; i--) this.act()
      if (this.random.below(3) > 0) await this.turn()
    }
    await this.rest()
    if (this.failures.length === 0) await this.close()
    return this.failures
  }

  /** As many connections as are wanted. New wires come where others have gone. */
  async open () {
    if (this.connections.filter(({ isOver }) => !isOver).length >= this.most || this.connections.length > 12) return
    const { random } = this
    const stranger = this.has('strangers', 3) ? random.below(2) : -1
    const kinds = ['memory', 'memory', this.hasTcp ? 'tcp' : 'memory', this.has('direct') && stranger < 0 ? 'direct' : 'memory']
    if (this.transport !== undefined) kinds.push(...Array(8).fill('connected'))
    const kind = random.pick(kinds)
    const Class = kind === 'connected' ? ConnectedConnection : Connection
    this.connections.push(await Class.open(this, {
      kind,
      stranger,
      encryption: this.hasEncryption && random.below(2) === 0
        ? random.pick([[1, 1], [1, 2], [2, 1], [2, 2], [0, 1], [0, 2]])
        : [0, 0]
    }))
  }

  /** Somebody does something. */
  act () {
    const { random, parties } = this
    if (this.isQuiet || parties.length === 0) return
    if (random.below(this.closesOnceIn) === 0) return this.closeSomething()
    const party = random.pick(parties)
    if (party.isGreeted === false && random.below(5) === 0 && party.isMet) party.greet()
    if (random.below(40) === 0) this.release()
    this.guard(() => act(party))
  }

  closeSomething () {
    const { random } = this
    const connection = random.pick(this.connections)
    const player = random.pick(connection.players)
    if (player === undefined) return
    switch (random.below(5)) {
      case 0: case 1: case 2: return player.close()
      case 3: return this.has('losing') && connection.ends.length > 0 && connection.lose()
      case 4: return this.isRude && connection.parties.find(party => party.talkNonsense)?.talkNonsense()
    }
  }

  /** Something that was held back goes on. */
  release () {
    const { random } = this
    const connection = random.pick(this.connections)
    if (connection.ends.length > 0) random.pick(connection.ends).pace?.release()
  }

  /**
   * A listener of an application, which may do anything.
   * @param {import('./player').Player} player whose it is
   */
  react (player, { mayThrow = true } = {}) {
    const { random } = this
    if (this.isQuiet || this.depth >= DEPTH || random.below(4) > 0) return
    const outer = this.calling
    this.calling = null
    this.depth++
    try {
      for (let i = random.below(3); i > 0; i--) this.act()
      if (random.below(2 * this.closesOnceIn) === 0) player.close()
    } finally {
      this.depth--
      this.calling = outer
    }
    if (mayThrow && this.doesThrow && random.below(10) === 0) this.exceptions.throwOne(this)
  }

  /** Everything that can happen happens. */
  async rest () {
    this.isQuiet = true
    for (const entry of this.due) entry.turns = 0
    for (const connection of this.connections) connection.release()
    await this.settle(() => this.finishUp())
    if (this.failures.length > 0) return
    // What nobody will answer any more.
    for (const player of this.players) {
      if (player.isEnding) continue
      player.checkAnswers()
      for (const { piece, offset, length } of player.own.open) player.own.cancel(piece, offset, length)
    }
    await this.settle(() => this.finishUp())
    // Requests for which nobody waits may be under way.
    await this.turns(40)
    for (const player of this.players) this.guard(() => player.checkAtRest())
    if (this.exceptions.pending !== null) this.fail('what a listener threw never surfaced')
  }

  /** Answers what can be answered; tells what has still to come. */
  finishUp () {
    for (const player of this.players) {
      if (player.isMet) this.guard(() => player.greet())
      for (const entry of player.theirs.opened) player.respond(entry)
    }
    for (const party of this.parties) party.answerAll?.()
    return this.missing(player => player.unsettled())
  }

  /** Lists that were edited are heeded with the next message or call. */
  nudge () {
    for (const player of this.players) {
      if (player.theirs.isEdited && !player.peer.isEnding) this.guard(() => askOnce(player.peer))
    }
  }

  missing (ofPlayer) {
    return firstOf(this.players, player => {
      const missing = ofPlayer(player)
      return missing === null ? null : `${player} ${missing}`
    }) ?? firstOf(this.connections, connection => connection.missing())
  }

  unfinished () {
    return firstOf(this.connections, connection => connection.unfinished()) ?? this.transport?.unfinished() ?? null
  }

  async close () {
    const { random } = this
    for (const connection of this.connections) connection.stopAccepting()
    const players = this.players.filter(({ isEnding }) => !isEnding)
    while (players.length > 0) {
      const [player] = players.splice(random.below(players.length), 1)
      if (random.below(3) === 0) await this.turn()
      this.guard(() => player.close())
    }
    await this.settle(() => this.missing(player => player.unclosed()))
    // A closed wire answers, and says nothing.
    this.isQuiet = false
    this.doesThrow = false
    this.closesOnceIn = Infinity
    for (let i = 0; i < 60; i++) this.act()
    this.isQuiet = true
    await this.turns(5)
    for (const player of this.players) player.checkClosed()
    for (const connection of this.connections) connection.leave()
    await this.settle(() => this.unfinished())
  }
}

/** The first that something is told of; `null` if nothing is. */
function firstOf (list, tell) {
  for (const entry of list) {
    const told = tell(entry)
    if (told !== null) return told
  }
  return null
}

module.exports = { Session, FEATURES }
