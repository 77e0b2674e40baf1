'use strict'

const net = require('node:net')
const { once } = require('node:events')

const { MemoryEnd, PACES } = require('./destinations')
const { plugIn } = require('./plugs')
const { Player, INFO_HASH } = require('./player')
const { Stranger } = require('./stranger')
const { makeWire } = require('./variants')

/** Both ends of a connection within the process; see `MemoryEnd`. */
function memoryPair (session, ...options) {
  const ends = [0, 1].map(side => new MemoryEnd(session, options[side] ?? options[0]))
  ends[0].other = ends[1]
  ends[1].other = ends[0]
  return ends
}

function anyMemoryPair (session) {
  const { random } = session
  return memoryPair(session, ...[0, 1].map(() => ({
    highWaterMark: random.pick([1, 10, 1000, 16_384, 200_000]),
    pace: random.pick([...Object.keys(PACES), 'held']),
    chunkLength: random.pick([60, 3000, 65_536, 65_536]),
    allowHalfOpen: random.below(2) === 0
  })))
}

/** The ends of each kind of connection; wires that are piped to each other have none. */
const ENDS = {
  memory: anyMemoryPair,
  async tcp ({ loopback, random }) {
    const sockets = await loopback.pair(random.below(2) === 0)
    // Else each small write of the one may wait for an acknowledgement of the other.
    for (const socket of sockets) socket.setNoDelay(true)
    return sockets
  },
  direct: () => []
}

/** Makes connections over TCP, one at a time, so that their ends belong together. */
class Loopback {
  /** @param {typeof net} sockets `net` of Node.js, or what has its shape */
  constructor (sockets = net) {
    this.sockets = sockets
  }

  async listen () {
    this.server = this.sockets.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
    await once(this.server, 'listening')
  }

  /** @param {boolean} [allowHalfOpen] of the end that connects; the other one does */
  async pair (allowHalfOpen = true) {
    const { port } = this.server.address()
    const outgoing = this.sockets.createConnection({ port, host: '127.0.0.1', allowHalfOpen })
    const [[incoming]] = await Promise.all([once(this.server, 'connection'), once(outgoing, 'connect')])
    return [outgoing, incoming]
  }

  close () {
    this.server.close()
  }
}

/** Two wires, or a wire and a stranger, and what is between them. */
class Connection {
  /**
   * @param {import('./session').Session} session
   * @param {object} plan
   * @param {'memory' | 'tcp' | 'direct' | 'connected'} plan.kind
   * @param {number} plan.stranger which side is no wire; -1 for none
   * @param {number[]} plan.encryption of the side that connects, and of the other
   */
  static async open (session, plan) {
    const connection = new Connection(session, plan)
    connection.begin(await ENDS[plan.kind](session))
    return connection
  }

  constructor (session, plan) {
    this.session = session
    this.random = session.random
    this.plan = plan
    this.isTcp = plan.kind === 'tcp' || plan.kind === 'connected'
    /** How often somebody has begun to end it. Nothing ends by itself. */
    this.interruptions = 0
    /** Both wires have to close. */
    this.isLost = false
    /** Both encrypt, so that nobody can watch. */
    this.isEncrypted = plan.encryption[0] > 0 && plan.encryption[1] > 0
    /** The streams of it. */
    this.ends = []
    this.plugs = []
    this.sides = [0, 1].map(side => side === plan.stranger
      ? this.newStranger(side)
      : this.newPlayer(side, plan.encryption[side]))
    this.sides.forEach((party, side) => party.meet(this, this.sides[1 - side], this.isWatched(side)))
    /** Those of the two that are there. */
    this.parties = []
  }

  /** Whether what a side sends passes where it can be seen. */
  isWatched () {
    return this.plan.stranger >= 0 || (this.plan.kind !== 'direct' && !this.isEncrypted)
  }

  get players () {
    return this.parties.filter(party => party instanceof Player)
  }

  begin (ends) {
    this.ends = ends
    this.parties = this.sides
    this.sides.forEach((party, side) => {
      if (party instanceof Player) party.join(this.newWire(party))
      else party.join(ends[side])
    })
    if (ends.length > 0) for (const player of this.players) this.plug(player, ends[this.sides.indexOf(player)])
    else this.joinDirectly()
    for (const player of this.players) this.start(player)
    for (const party of this.parties) if (party instanceof Stranger) party.start()
  }

  newPlayer (side, encryption) {
    const { random, session } = this
    const type = side === 0 ? random.pick(['tcpOutgoing', 'utpOutgoing']) : random.pick(['tcpIncoming', 'utpIncoming'])
    const limits = session.has('limits', 4)
      ? { highWaterMark: 2000 + random.below(20_000), ...random.below(2) === 0 && { maxPeerRequests: 1 + random.below(10) } }
      : {}
    return new Player(session, {
      number: session.nextNumber(),
      type,
      isOutgoing: side === 0,
      encryption,
      fast: session.has('fast') && random.below(3) > 0,
      limits
    })
  }

  newWire ({ type, encryption, limits }) {
    return makeWire(this.session, [type, encryption, limits])
  }

  newStranger (side) {
    return new Stranger(this.session, {
      number: this.session.nextNumber(),
      isOutgoing: side === 0,
      isEncrypted: this.isEncrypted,
      fast: this.session.has('fast') && this.random.below(3) > 0,
      extended: this.random.below(4) > 0
    })
  }

  /** Has a player's wire hang on its end. */
  plug (player, end) {
    player.end = end
    const { line } = player
    // What a stranger sends it knows itself.
    if (line.pass !== undefined && line.isWatched) end.on('data', chunk => line.pass(chunk))
    player.plug = plugIn(player, end)
    player.plug.connect()
    this.plugs.push(player.plug)
  }

  joinDirectly () {
    const [a, b] = this.players
    a.face.pipe(b.face).pipe(a.face)
  }

  start (player) {
    player.isConnected = true
    if (!player.isOutgoing) return
    if (!this.isEncrypted) return player.greet()
    // What is said before the crypto handshake is over waits for it.
    if (this.random.below(2) === 0) player.greet()
    player.call(() => player.face.startEncryption(INFO_HASH))
  }

  /** A wire begins to end, by itself or not. */
  onEnding () {}

  /** What becomes of the connection is no matter of the wire any more. */
  onFinished ({ end }) {
    end?.on('error', () => {})
  }

  /** The wire is closed. */
  onClosed ({ end, plug }) {
    if (end === undefined || end.destroyed) return
    end.unpipe()
    end.resume()
    plug.letGo()
  }

  /** One end of the connection is lost. */
  lose () {
    const end = this.random.pick(this.ends)
    this.interruptions++
    this.isLost = true
    switch (this.random.below(4)) {
      case 0: return end.end()
      case 1: return end.destroy()
      case 2: return end.destroy(new Error('the connection is lost'))
      case 3: return this.isTcp ? end.resetAndDestroy() : end.destroy()
    }
  }

  /** What it is, for people. */
  get traits () {
    return [this.isTcp ? 'TCP' : 'memory', ...this.isEncrypted ? ['encrypted'] : []]
  }

  get isOver () {
    return this.players.some(({ isClosed }) => isClosed)
  }

  /** Who has not come by now does not. */
  stopAccepting () {}

  /** Who has still to come; `null` if nobody. */
  missing () {
    return null
  }

  /** The application has no use for it any more. */
  leave () {
    for (const end of this.ends) end.destroy()
  }

  /** What is still to come once it was left; `null` if nothing. */
  unfinished () {
    return null
  }

  release () {
    for (const plug of this.plugs) plug.release()
    for (const { pace } of this.ends) pace?.release()
  }
}

module.exports = { Connection, Loopback, memoryPair }
