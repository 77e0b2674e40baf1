'use strict'

const net = require('node:net')
const { once } = require('node:events')

const { Connection } = require('./connections')
const { Plug } = require('./plugs')
const { Player, INFO_HASH } = require('./player')
const { dress } = require('./variants')

const HOST = '127.0.0.1'

/** What the levels of a wire's constructor are to the transport. */
const ENCRYPTION = ['none', 'allow', 'require']

/** No key, and no handshake. */
const GARBAGE = Buffer.alloc(2000)

/** Bytes a second: little enough to be felt, and more than a session moves. */
const RATES = [2_000_000, 20_000_000, Infinity]

/** The native transport, as the sessions use it. */
class Transport {
  constructor () {
    this.net = require('../../net.js')
    this.countSources = require('../../lib/net/native.js').countSources
  }

  /** What should not be open any more; `null` if nothing. */
  unfinished () {
    const count = this.countSources()
    return count === 0 ? null : `${count} connections or listeners of the transport are left`
  }
}

/** A wire with a connection of its own hangs on nothing. */
class OwnConnection extends Plug {
  constructor (player) {
    super(player, undefined)
    const { face } = player
    this.isThere = !face.connecting
    this.isGone = false
    face.on('connect', () => player.onEvent('connect', [], () => this.onConnect()))
    face.on('disconnect', () => this.onDisconnect())
  }

  /** Both have the connection: not one that was given up for another, which is not there yet. */
  get isGraceful () { return this.isThere && !this.player.face.connecting && this.player.connection.isComplete }

  get givesOwnMemory () { return true }

  get canPause () { return false }

  onConnect () {
    const { face, player } = this
    player.expectThat(!this.isThere, 'emitted connect again')
    player.expectThat(!face.connecting && face.remotePort > 0 && face.localPort > 0, 'emitted connect without a connection')
    this.isThere = true
    if (player.greetsItself) player.greet()
  }

  onDisconnect () {
    const { player, session } = this
    session.progress++
    session.count('disconnect')
    player.expectThat(this.isThere && !this.isGone, 'emitted disconnect out of turn')
    player.expectThat(player.isClosed, 'emitted disconnect before close')
    this.isGone = true
    session.react(player)
  }

  fiddle () {
    const { face, random, session } = this
    switch (random.below(4)) {
      case 0: return face.ref()
      case 1: return face.unref()
      case 2: face.rateLimit = null; return
      case 3: if (session.has('rates')) face.rateLimit = anyLimit(session)
    }
  }
}

function anyLimit ({ random, transport }) {
  const [download, upload] = [random.pick(RATES), random.pick(RATES)]
  return new transport.net.RateLimit({ download, upload })
}

/**
 * Two wires of which at least one has a connection of its own; the other one may be piped to a
 * socket of Node.js, or be no wire.
 */
class ConnectedConnection extends Connection {
  static async open (session, plan) {
    const { random } = session
    const { stranger } = plan
    // Which sides connect, or listen, by the transport.
    const isOwn = stranger >= 0 ? [0, 1].map(side => side !== stranger) : random.pick([[true, true], [true, true], [true, false], [false, true]])
    const connection = new ConnectedConnection(session, { ...plan, isOwn, encryption: encryptionOf(session, plan, isOwn) })
    await connection.listen()
    connection.connect()
    return connection
  }

  constructor (session, plan) {
    super(session, plan)
    /** The one who connects tries to encrypt, and has to connect once more. */
    this.isToFallBack = plan.encryption[0] > 0 && plan.encryption[1] === 0
    /** The wire knows the torrent by itself. */
    this.namesTorrent = plan.isOwn[1] && session.random.below(2) === 0
    /** The server is. */
    this.isClosed = false
    /** Nobody is let in any more. */
    this.hasStopped = false
  }

  isWatched (side) {
    const { stranger, isOwn } = this.plan
    return stranger >= 0 || (!isOwn[1 - side] && !this.isEncrypted)
  }

  /** Both sides are there. */
  get isComplete () {
    return this.parties.length === 2
  }

  newPlayer (side, encryption) {
    const player = super.newPlayer(side, encryption)
    player.greetsItself = this.plan.isOwn[side] && this.random.below(2) === 0
    return player
  }

  /** What a wire is made with. */
  optionsOf (side) {
    const { limits, greetsItself, peerId, announced } = this.sides[side]
    return {
      host: HOST,
      encryption: ENCRYPTION[this.plan.encryption[side]],
      ...limits,
      ...greetsItself && { peerId, extensions: announced },
      ...this.session.has('rates', 4) && { rateLimit: anyLimit(this.session) }
    }
  }

  async listen () {
    const { transport } = this.session
    this.server = this.plan.isOwn[1]
      ? transport.net.listen({ ...this.optionsOf(1), ...this.namesTorrent && { infoHashes: [INFO_HASH] } }, wire => this.accept(wire))
      : net.createServer({ allowHalfOpen: true, noDelay: true }, socket => this.accept(socket)).listen(0, HOST)
    this.server.once('close', () => { this.isClosed = true })
    await once(this.server, 'listening')
  }

  connect () {
    const { plan, session } = this
    const { port } = this.server.address()
    if (plan.isOwn[0]) return this.arrive(0, session.transport.net.connect({ ...this.optionsOf(0), port, infoHash: INFO_HASH }))
    const socket = net.connect({ port, host: HOST, allowHalfOpen: true, noDelay: true })
    // Before that, it listens to itself.
    socket.once('connect', () => this.hasStopped ? socket.destroy() : this.arrive(0, socket))
  }

  accept (arrived) {
    if (this.isToFallBack) return this.refuse(arrived)
    if (this.isComplete) return this.session.fail('a connection that nobody has asked for')
    this.server.close()
    this.session.progress++
    this.arrive(1, arrived)
    // Nobody listens to this, who throws.
    if (this.session.doesThrow && this.random.below(10) === 0) this.session.exceptions.throwOne()
  }

  /** As one who knows no encryption. */
  refuse (arrived) {
    this.isToFallBack = false
    this.session.progress++
    if (this.plan.isOwn[1]) return arrived.on('handshake', () => this.session.fail('a crypto handshake was taken for a handshake'))
    arrived.on('error', () => {})
    arrived.on('end', () => arrived.end())
    arrived.once('data', () => {
      switch (this.random.below(4)) {
        case 0: return arrived.end()
        case 1: return arrived.destroy()
        case 2: return arrived.resetAndDestroy()
        case 3: return arrived.write(GARBAGE)
      }
    })
  }

  /** One side is there: its wire, or its end. */
  arrive (side, arrived) {
    const party = this.sides[side]
    this.parties = this.sides.filter(other => other === party || this.parties.includes(other))
    if (this.plan.isOwn[side]) {
      party.join(dress(this.session, arrived))
      party.plug = new OwnConnection(party)
      this.plugs.push(party.plug)
    } else {
      this.ends.push(arrived)
      if (party instanceof Player) {
        party.join(this.newWire(party))
        this.plug(party, arrived)
      } else {
        party.join(arrived)
      }
    }
    if (party instanceof Player) this.start(party)
    else party.start()
  }

  start (player) {
    if (!(player.plug instanceof OwnConnection)) return super.start(player)
    player.isConnected = true
    if (!player.isOutgoing || player.greetsItself) return
    // What is said before the connection is there, or the crypto handshake over, waits.
    if (!this.isEncrypted || this.random.below(2) === 0) player.greet()
  }

  /** What a peer has said before it was closed has to be heard first: nothing else ends this one. */
  onEnding ({ inbox, line, peer, plug }) {
    if (!(plug instanceof OwnConnection) || !peer.isFirst || this.interruptions > 1 || line.isWatched) return
    inbox.skipAll()
    if (inbox.queue.length > 0) this.session.fail(`${peer.name} was closed, and not heard: ${inbox}`)
  }

  onClosed (player) {
    super.onClosed(player)
    if (!this.isComplete) this.server.close()
  }

  stopAccepting () {
    this.hasStopped = true
    this.server.close()
  }

  missing () {
    return this.isComplete || this.interruptions > 0 ? null : `nobody has come to ${this.parties}`
  }

  unfinished () {
    const plug = this.plugs.find(plug => plug.isThere && !plug.isGone)
    if (plug !== undefined) return `${plug.player} it does not disconnect`
    return this.isClosed ? null : 'a server does not close'
  }

  get traits () {
    return ['connected', this.plan.encryption.join(' to '), ...super.traits]
  }
}

/** What both sides can agree on, by themselves. */
function encryptionOf (session, { encryption }, [connects, listens]) {
  const [ours, theirs] = encryption
  if (session.hasEncryption && connects && session.has('fallback', 4)) return [1, 0]
  // Without the crypto handshake nobody comes to one who requires it.
  if (ours === 0 && theirs === 2 && listens) return [0, 1]
  return encryption
}

module.exports = { ConnectedConnection, Transport }
