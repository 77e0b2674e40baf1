'use strict'

/** The stream of a BitTorrent peer, taken apart: with none of the code under test. */

const { isDeepStrictEqual } = require('node:util')

const HANDSHAKE_LENGTH = 68

const NAMES = {
  0: 'choke',
  1: 'unchoke',
  2: 'interested',
  3: 'uninterested',
  4: 'have',
  5: 'bitfield',
  6: 'request',
  7: 'piece',
  8: 'cancel',
  9: 'port',
  13: 'suggest',
  14: 'have-all',
  15: 'have-none',
  16: 'reject',
  17: 'allowed-fast',
  20: 'extended'
}

/** One message; what it is called is what its event is called. */
class Message {
  /** @param {Buffer} frame all of its bytes, from the length prefix on */
  constructor (frame) {
    this.frame = frame
    this.key = null
    this.name = frame.length === 4
      ? 'keep-alive'
      : frame[0] === 19 ? 'handshake' : NAMES[frame[4]] ?? 'unknownmessage'
  }

  /** What `have`, `suggest`, `allowed-fast` and those about a block begin with. */
  get index () { return this.frame.readUInt32BE(5) }

  get offset () { return this.frame.readUInt32BE(9) }

  get length () { return this.name === 'piece' ? this.frame.length - 13 : this.frame.readUInt32BE(13) }

  /** What tells a block from any other. */
  get block () { return (this.key ??= blockKey(this.index, this.offset, this.length)) }

  /** What follows the id. */
  get payload () { return this.frame.subarray(5) }

  get isExtendedHandshake () { return this.name === 'extended' && this.frame[5] === 0 }

  /** @param {Message} message that came */
  isMetBy (message) {
    return this.frame.equals(message.frame)
  }

  toString () {
    switch (this.name) {
      case 'request': case 'cancel': case 'reject': return `${this.name} ${this.block}`
      case 'piece': return `piece ${this.block} ${start(this.frame.subarray(13))}`
      case 'have': case 'suggest': case 'allowed-fast': return `${this.name} ${this.index}`
      case 'handshake': case 'keep-alive': return this.name
      default: return `${this.name} ${start(this.payload)}`
    }
  }
}

/** An extended handshake of which only a part is known beforehand: more may be in it. */
class ExtendedHandshake {
  /** @param {object} dictionary what has to be in it */
  constructor (dictionary) {
    this.name = 'extended'
    this.dictionary = dictionary
  }

  isMetBy (message) {
    if (!message.isExtendedHandshake) return false
    const dictionary = decodeBencode(message.payload.subarray(1))
    return Object.keys(this.dictionary).every(key => isDeepStrictEqual(dictionary[key], this.dictionary[key]))
  }

  toString () {
    return `extended handshake ${JSON.stringify(this.dictionary)}`
  }
}

/** Takes the chunks of a stream, gives its messages. */
class Decoder {
  constructor () {
    this.chunks = []
    this.length = 0
    this.isGreeted = false
    /** How long the next message is, as far as that is known. */
    this.wanted = HANDSHAKE_LENGTH
  }

  /**
   * @param {Buffer} chunk
   * @returns {Message[]} those that are whole now
   */
  push (chunk) {
    // A copy: whoever owns the chunk may do with it what he likes.
    this.chunks.push(Buffer.from(chunk))
    this.length += chunk.length
    const messages = []
    while (this.length >= this.wanted) {
      const { rest } = this
      const isPrefix = this.isGreeted && this.wanted === 4 && rest.readUInt32BE(0) > 0
      if (isPrefix) {
        this.wanted = 4 + rest.readUInt32BE(0)
        continue
      }
      messages.push(new Message(rest.subarray(0, this.wanted)))
      this.chunks = [rest.subarray(this.wanted)]
      this.length -= this.wanted
      this.wanted = 4
      this.isGreeted = true
    }
    return messages
  }

  /** What has come of the next message. */
  get rest () {
    if (this.chunks.length > 1) this.chunks = [Buffer.concat(this.chunks)]
    return this.chunks[0] ?? Buffer.alloc(0)
  }
}

function blockKey (piece, offset, length) {
  return `${piece}/${offset}/${length}`
}

function start (bytes) {
  return `${bytes.toString('hex', 0, 16)} (${bytes.length} bytes)`
}

/** Strings are read as text. */
function decodeBencode (bytes) {
  let at = 0
  return value()

  function value () {
    switch (String.fromCharCode(bytes[at])) {
      case 'i': at++; return Number(until('e'))
      case 'l': return list()
      case 'd': {
        const entries = list()
        return Object.fromEntries(entries.filter((_, i) => i % 2 === 0).map((key, i) => [key, entries[2 * i + 1]]))
      }
      default: {
        const length = Number(until(':'))
        at += length
        return bytes.toString('utf8', at - length, at)
      }
    }
  }

  function list () {
    const values = []
    for (at++; bytes[at] !== 'e'.charCodeAt(0);) values.push(value())
    at++
    return values
  }

  function until (mark) {
    const end = bytes.indexOf(mark, at)
    const text = bytes.toString('latin1', at, end)
    at = end + 1
    return text
  }
}

module.exports = { Decoder, Message, ExtendedHandshake, blockKey }
