'use strict'

const { Message, blockKey } = require('./decoder')
const { blockOf } = require('./blocks')
const messages = require('../world/support/messages')

/**
 * What we ask of the peer: each request is called back once, with the block that was asked for, or
 * with the reason that there is.
 */
class OwnRequests {
  constructor (player) {
    this.player = player
    this.records = []
    /** The record that the message at work has called back. */
    this.called = null
    /** The block that is being cancelled. */
    this.cancelling = null
  }

  /** @returns {object[]} those that wait for their callback */
  get open () {
    return this.records.filter(({ isOpen }) => isOpen)
  }

  record (piece, offset, length) {
    const record = {
      piece,
      offset,
      length,
      block: blockKey(piece, offset, length),
      calls: 0,
      isOpen: false,
      isRefused: false,
      isDoomed: false,
      isForgetting: false,
      isForgotten: false,
      isPushed: false,
      object: null
    }
    record.callback = (error, bytes) => this.onCallback(record, error, bytes)
    this.records.push(record)
    return record
  }

  ask (piece, offset, length) {
    const { player } = this
    const { face } = player
    const record = this.record(piece, offset, length)
    record.isRefused = player.isClosed || (face.peerChoking && !(face.hasFast && face.peerAllowedFastSet.includes(piece)))
    if (!record.isRefused) player.tell(messages.request(piece, offset, length))
    record.isOpen = true
    player.call(voice => voice.request(piece, offset, length, record.callback))
    if (record.isRefused) return player.expectThat(record.calls === 1, () => `a request that is refused was called back ${record.calls} times`)
    if (player.isEnding) return
    player.expectThat(record.calls === 0, 'a request that was sent was called back at once')
    this.find(record)
  }

  /** Whether there was more than one request for it. */
  isRepeated (block) {
    return this.records.filter(record => record.block === block).length > 1
  }

  /** Finds what stands for the record in the list. */
  find (record) {
    const { face } = this.player
    record.object = face.requests.findLast(({ callback }) => callback === record.callback)
    this.player.expectThat(record.object !== undefined, () => `request ${record.block} is not in the list`)
  }

  onCallback (record, error, bytes) {
    const { player } = this
    record.calls++
    player.session.progress++
    player.expectThat(record.calls === 1, () => `request ${record.block} was called back again: ${error?.message ?? 'a block'}`)
    player.expectThat(!record.isForgotten, () => `request ${record.block} was called back, and is not in the list: ${error?.message ?? 'a block'}`)
    player.expectThat(!player.face.requests.includes(record.object), () => `request ${record.block} is still in the list in its callback`)
    record.isOpen = false
    if (error) this.onFailed(record, error)
    else this.onBlock(record, bytes)
    // What is said in the callback of a request that is cancelled comes before the cancel.
    if (this.cancelling === null) player.session.react(player)
    else if (player.session.has('cancelling')) player.session.react(player, { mayThrow: false })
  }

  onBlock (record, bytes) {
    const { player } = this
    const { piece, offset, length, block } = record
    this.called = record
    player.expectThat(Buffer.compare(bytes, blockOf(player.peer.salt, piece, offset, length)) === 0, () => `request ${block} was called back with other bytes`)
    player.expectThat(!player.isEnding && player.hears(new Message(messages.piece(piece, offset, bytes))), () => `request ${block} was called back with a block out of turn`)
  }

  onFailed (record, error) {
    const { player } = this
    const { piece, offset, length } = record
    if (player.mayEnd && error.message.startsWith('wire ')) player.beginEnding()
    player.expectThat(this.isReason(record, error.message), () => `request ${record.block} was called back: ${error.message}`)
    if (error.message === 'request was rejected') {
      this.called = record
      player.expectThat(player.hears(new Message(messages.reject(piece, offset, length))), () => `request ${record.block} was rejected out of turn`)
    }
  }

  /**
   * The peer chokes, so that all that is open fails. Where a callback throws, the rest of them are
   * called a tick later.
   */
  doom () {
    for (const record of this.open) record.isDoomed = true
  }

  isReason (record, reason) {
    const { player } = this
    switch (reason) {
      case 'peer is choking': return record.isRefused || record.isDoomed || (!player.hasFast && player.isEnding)
      case 'wire is closed': return record.isRefused || player.isEnding
      case 'wire was closed': return player.isEnding
      case 'request was cancelled': return this.cancelling === record.block
      case 'request was rejected': return !player.isEnding
      case 'forgotten': return record.isForgetting
      default: return false
    }
  }

  /** A piece or a reject has come, with its event. */
  onAnswer (message) {
    const { called, player } = this
    this.called = null
    const isWaiting = this.open.some(({ block, isDoomed }) => block === message.block && !isDoomed)
    player.expectThat(called?.block === message.block || !isWaiting, () => `${message} did not call the request back`)
  }

  cancel (piece, offset, length) {
    const { player } = this
    const outer = this.cancelling
    const block = this.cancelling = blockKey(piece, offset, length)
    const waiting = this.open.filter(record => record.block === block)
    player.call(voice => voice.cancel(piece, offset, length))
    // The callback comes before the message.
    player.tell(messages.cancel(piece, offset, length))
    this.cancelling = outer
    const settled = waiting.filter(({ isOpen }) => !isOpen).length
    const mayBeUnderWay = player.isEnding || waiting.some(({ isDoomed }) => isDoomed)
    player.expectThat(mayBeUnderWay || settled === Math.min(1, waiting.length), () => `cancel ${block} settled ${settled} of ${waiting.length} requests`)
  }

  /** As the npm package lt_donthave does it: out of the list in place, and called back. */
  forget (at) {
    const { face } = this.player
    const list = face.requests
    const record = this.open.find(({ object }) => object === list[at])
    const last = list.pop()
    if (at < list.length) list[at] = last
    record.isForgetting = true
    this.player.call(() => face._callback(record.object, new Error('forgotten'), null))
  }

  /** The application has pushed a request of its own making. */
  push (piece, offset, length) {
    const record = this.record(piece, offset, length)
    record.isOpen = record.isPushed = true
    // While all fail it fails with them.
    record.isDoomed = this.player.peerChoking && !this.player.hasFast
    record.object = { piece, offset, length, callback: record.callback }
    return record.object
  }

  /**
   * The application has edited the list.
   * @param {object[]} before what was in it
   */
  edited (before) {
    const after = this.player.face.requests
    for (const record of this.open) {
      if (!before.includes(record.object) || after.includes(record.object)) continue
      record.isOpen = false
      record.isForgotten = true
    }
  }

  check () {
    const list = this.player.face.requests
    const { open } = this
    this.player.expectThat(list.length === open.length && open.every(({ object }) => list.includes(object)),
      () => `requests has ${list.map(({ piece, offset, length }) => blockKey(piece, offset, length))}, not ${open.map(({ block }) => block)}`)
  }

  /** The wire is closed. */
  checkClosed () {
    for (const { calls, isForgotten, block } of this.records) {
      this.player.expectThat(calls === (isForgotten ? 0 : 1), () => `request ${block} was called back ${calls} times`)
    }
  }
}

module.exports = { OwnRequests }
