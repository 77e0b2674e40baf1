'use strict'

const { Message } = require('./decoder')
const messages = require('../world/support/messages')

/**
 * @typedef {object} Entry a request of the peer
 * @property {Message} message
 * @property {number} order
 * @property {number} since how the wire stood when it came: an index of `history`
 * @property {boolean} isWaiting later messages came before it was asked for
 * @property {boolean} isAsked the application was
 * @property {boolean} isOpen it is in `peerRequests`
 * @property {boolean} isDropped by a choke, or a cancel
 * @property {boolean} isForgotten the application took it out of the list
 * @property {boolean} isDeclined it was dropped, or answered with an error, without the fast extension
 * @property {string | null} answer `piece` or `reject`
 * @property {Function | null} respond what the application was given
 * @property {object | null} object that is in the list
 */

/**
 * The requests that came from the peer, and what became of them: the application is asked in their
 * order, and each gets one answer with the fast extension, and at most one without.
 */
class PeerRequests {
  constructor (player) {
    this.player = player
    /** @type {Entry[]} those that may still be answered, oldest first */
    this.entries = []
    this.count = 0
    this.lastAsked = 0
    /** The application has taken requests out without a word, for which the wire may be waiting. */
    this.isEdited = false
    /** How the wire has stood: whether it choked, but for which pieces. The latest is the last. */
    this.history = []
    this.note()
  }

  /** To be called whenever it has changed whom the wire serves. */
  note () {
    const { face, hasFast } = this.player
    this.history.push({ isChoking: face?.amChoking ?? true, hasFast, allowed: new Set(hasFast ? face.allowedFastSet : []) })
  }

  /** A request is on its way to the wire. */
  add (message, rest = {}) {
    const entry = {
      message,
      order: ++this.count,
      since: this.history.length - 1,
      isWaiting: false,
      isAsked: false,
      isOpen: false,
      isDropped: false,
      isForgotten: false,
      isDeclined: false,
      answer: null,
      object: null,
      respond: null,
      ...rest
    }
    this.entries.push(entry)
    return entry
  }

  /**
   * Whether the peer may ask for a block once more: the application has been asked for it, so that
   * it is clear which of the two is which.
   */
  mayRepeat (block) {
    const alike = this.entries.filter(({ message }) => message.block === block)
    return alike.length === 1 && alike[0].isAsked
  }

  find (message, isIt) {
    return this.entries.find(entry => entry.message.block === message.block && isIt(entry))
  }

  /** Later messages have come, and the application was not asked. */
  wait (message) {
    for (const entry of this.entries) if (entry.message === message) entry.isWaiting = true
  }

  isWaiting (message) {
    return this.find(message, entry => entry.isWaiting && isUntouched(entry)) !== undefined
  }

  /** The application is asked. */
  open (message, respond) {
    const { player } = this
    const { face } = player
    const entry = this.find(message, isUntouched)
    if (entry === undefined) return player.fail(`asked for ${message.block}, which the peer did not`)
    player.expectThat(entry.order > this.lastAsked, () => `asked for ${message.block} after a later one`)
    this.lastAsked = entry.order
    player.expectThat(!face.amChoking || (player.hasFast && face.allowedFastSet.includes(message.index)),
      () => `asked for ${message.block} while it chokes`)
    entry.isAsked = entry.isOpen = true
    entry.respond = respond
    entry.object = face.peerRequests.at(-1)
    player.expectThat(entry.object?.callback === respond, () => `${message.block} was not pushed to peerRequests`)
    return entry
  }

  get opened () {
    return this.entries.filter(entry => entry.isOpen && entry.object.callback === entry.respond)
  }

  /** The application has pushed a request of its own making. */
  push (piece, offset, length) {
    const object = { piece, offset, length, callback: () => {} }
    this.add(new Message(messages.request(piece, offset, length)), { isAsked: true, isOpen: true, object })
    return object
  }

  /**
   * The application has edited the list.
   * @param {object[]} before what was in it
   */
  edited (before) {
    const after = this.player.face.peerRequests
    this.isEdited = true
    for (const entry of this.entries) {
      if (!entry.isOpen || !before.includes(entry.object) || after.includes(entry.object)) continue
      entry.isOpen = false
      entry.isForgotten = true
    }
  }

  /** The application answers; tells whether that is sent. */
  answer (entry, answer) {
    if (!entry.isOpen) return false
    entry.isOpen = false
    if (answer === 'piece' || this.player.hasFast) entry.answer = answer
    else entry.isDeclined = true
    return entry.answer !== null
  }

  /** The wire chokes: what it still serves is but what is allowed fast. */
  dropAll () {
    const { hasFast, face } = this.player
    for (const entry of this.entries) {
      if (!entry.isOpen || (hasFast && face.allowedFastSet.includes(entry.message.index))) continue
      this.drop(entry)
    }
  }

  /** With the fast extension a request that is dropped is rejected. */
  drop (entry) {
    entry.isOpen = false
    entry.isDropped = true
    entry.isDeclined = !this.player.hasFast
  }

  /** The peer has taken one back; the list tells which. */
  cancel (message) {
    const { peerRequests } = this.player.face
    const open = this.find(message, entry => entry.isOpen && !peerRequests.includes(entry.object))
    if (open !== undefined) return this.drop(open)
    const waiting = this.find(message, isUntouched)
    if (waiting !== undefined) this.drop(waiting)
    this.player.expectThat(waiting !== undefined || this.find(message, entry => entry.isOpen) === undefined,
      () => `${message} left the request open`)
  }

  /** Whether the wire may reject this of its own accord, and has. */
  reject (message) {
    const entry = this.find(message, entry => entry.isDropped && !entry.isDeclined && entry.answer === null) ??
      this.find(message, entry => isUntouched(entry) && this.mayRefuse(entry, false)) ??
      this.find(message, entry => entry.isForgotten && entry.answer === null)
    if (entry !== undefined) entry.answer = 'reject'
    return entry !== undefined
  }

  /** Whether there was a moment at which it could be refused: by a reject, or without a word. */
  mayRefuse ({ message, since }, bySilence) {
    return this.history.slice(since).some(({ isChoking, hasFast, allowed }) =>
      hasFast !== bySilence && (this.player.isLimited || (isChoking && !allowed.has(message.index))))
  }

  /** @returns {Entry[]} those whose answer has still to come */
  get unsettled () {
    return this.entries.filter(entry => {
      if (entry.answer !== null || entry.isForgotten || entry.isDeclined) return false
      if (entry.isOpen && entry.respond === null) return false
      return entry.isAsked || !this.mayRefuse(entry, true)
    })
  }

  /** Whether the peer may wait for this block for ever. */
  isLost (block) {
    return this.entries.some(entry => entry.message.block === block && entry.answer === null)
  }

  /** Holds the wire's list against what is known. */
  check () {
    const open = this.entries.filter(entry => entry.isOpen)
    const list = this.player.face.peerRequests
    this.player.expectThat(list.length === open.length && open.every(entry => list.includes(entry.object)),
      () => `peerRequests has ${list.map(({ piece, offset, length }) => `${piece}/${offset}/${length}`)}, ` +
        `not ${open.map(entry => entry.message.block)}`)
  }
}

function isUntouched ({ isAsked, isDropped, answer }) {
  return !isAsked && !isDropped && answer === null
}

module.exports = { PeerRequests }
