'use strict'

/**
 * Everything in which this wire differs from bittorrent-protocol 5.0.9 on purpose and which a
 * session of valid messages can show. The ids are the rows of the contract. Whatever is not
 * listed here must be the same on both, to the event and to the byte.
 */

/** The third constructor argument with which this wire plays the sessions. */
const options = {
  // D8: while more than the high-water mark is unsent, request events wait. Upstream's never do.
  highWaterMark: 64 * 1024 * 1024
}

/** What the generator of sessions does not do, since the two answer it differently. */
const avoided = {
  D6: 'messages longer than 1 MiB',
  D9: 'floods of requests to a choking wire with the fast extension',
  D10: 'more than 32,768 requests that are open or wait',
  D12: 'more than 256 extension names',
  D15: 'messages of a wrong length for their id',
  D16: 'piece indices of 2,097,152 and above',
  D17: 'the same block requested again by the peer while the first request is unanswered',
  D20: 'request timeouts',
  D23: 'destroy() in a handler while more messages wait behind it',
  D24: 'more than one of bitfield, have-all and have-none, or a have before them',
  D26: 'a have past the end of the bitfield',
  D27: 'an `m` with anything but integers from 0 to 255',
  D29: 'extended messages from a peer that did not announce BEP 10',
  D30: 'more than 100 allowed-fast messages'
}

/**
 * @param {Function} Upstream bittorrent-protocol's class
 * @returns {Function} the same with the remaining differences put into it: what this wire is
 *   compared with
 */
function asDocumented (Upstream) {
  return class Documented extends Upstream {
    // D10: our extended handshake says how many requests may be open.
    _sendExtendedHandshake () {
      const { extendedHandshake } = this
      this.extendedHandshake = { reqq: 2000, ...extendedHandshake }
      super._sendExtendedHandshake()
      this.extendedHandshake = extendedHandshake
    }

    // D18: under the fast extension a cancelled request is answered, by a reject.
    _onCancel (index, offset, length) {
      const pending = this.peerRequests.some(same(index, offset, length))
      super._onCancel(index, offset, length)
      if (pending && this.hasFast) this._message(0x10, [index, offset, length], null)
    }

    // D19: a block that nobody asked for has its events, but is not counted as downloaded.
    _onPiece (index, offset, block) {
      if (this.requests.some(same(index, offset, block.length))) {
        return super._onPiece(index, offset, block)
      }
      this.emit('download', block.length)
      this.emit('piece', index, offset, block)
    }
  }
}

/**
 * @param {Object<string, number>} mapping a wire's `peerExtendedMapping`
 * @returns {Object<string, number>} without what the peer switched off (D28: upstream keeps
 *   those names with a 0)
 */
function switchedOn (mapping) {
  return Object.fromEntries(Object.entries(mapping).filter(([, id]) => id !== 0).sort())
}

function same (piece, offset, length) {
  return request => request.piece === piece && request.offset === offset &&
    request.length === length
}

module.exports = { asDocumented, avoided, options, switchedOn }
