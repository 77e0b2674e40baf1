'use strict'

/** Messages for the published extensions ut_metadata and ut_pex. */

const { bencode } = require('../../world/support/messages')

const text = string => Buffer.from(string, 'latin1')

/** What neither may see: no bencode, too much of it, or not what they take it for. */
const MALFORMED = {
  'a negative length in a dictionary': text('d-3:abci1ee'),
  'a negative length in a list': text('l-3:abci1ee'),
  'a negative length': text('-3:abcee'),
  'a negative length in the depth': text('d8:msg_typei0e5:pieceld1:al-3:abeeeee'),
  'a signed length': text('d+3:abci1ee'),
  'a length past the end': text('d4:abci1ee'),
  'a length of 2 to the 32': text('d4294967296:abci1ee'),
  'a length of 40 digits': text(`d${'9'.repeat(40)}:abci1ee`),
  'a length of a million digits': text(`d${'9'.repeat(1_000_000)}:abci1ee`),
  'an integer of a million digits': text(`d8:msg_typei${'9'.repeat(1_000_000)}e5:piecei0ee`),
  'an integer of 65 bits': text('d8:msg_typei0e5:piecei36893488147419103232ee'),
  'lists in lists': text('l'.repeat(500_000)),
  'closed lists in lists': text(`d1:a${'l'.repeat(100_000)}${'e'.repeat(100_000)}e`),
  'dictionaries in dictionaries': text('d1:a'.repeat(200_000)),
  '100,000 values': text(`d1:al${'i1e'.repeat(100_000)}ee`),
  'a dictionary without an end': text('d8:msg_typei0e5:piecei0e'),
  'one byte': text('d'),
  'no byte': text(''),
  garbage: text('GET / HTTP/1.1 ee')
}

/** By the name of the extension. */
const REFUSED = {
  ut_metadata: {
    ...MALFORMED,
    // It makes text of the bytes, and bytes of that again: what is no UTF-8 becomes three for one,
    // and the lengths point elsewhere.
    'a negative length that shows in its UTF-8': text('d1:a8:\xff\xffab-3:x1:bi1ee'),
    // It ends the dictionary at the first `ee`.
    'a dictionary that goes on after an `ee`': text('d1:a4:eexx8:msg_typei0e5:piecei0ee')
  },
  ut_pex: {
    ...MALFORMED,
    // It gives these to `Buffer.from`, for which a dictionary with a `length` is an array.
    'a dictionary for a list of peers': text('d5:addedd6:lengthi4000000000eee'),
    'another one': text('d7:dropped0:6:added6d6:lengthi4000000000eee')
  }
}

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))

const SOUND = {
  ut_metadata: {
    'a request': bencode({ msg_type: 0, piece: 0 }),
    'a reject': bencode({ msg_type: 2, piece: 1 }),
    'a piece, with every byte': Buffer.concat([bencode({ msg_type: 1, piece: 0, total_size: 34256 }), allBytes]),
    'a piece that looks like trouble': Buffer.concat([bencode({ msg_type: 1, piece: 0, total_size: 34256 }), text('d-3:abci1eel-3:')]),
    'a piece of 16 KiB': Buffer.concat([bencode({ msg_type: 1, piece: 2, total_size: 100_000 }), Buffer.alloc(16384, 'l')])
  },
  ut_pex: {
    'peers of both kinds': bencode({
      added: Buffer.from([1, 2, 3, 4, 0x1a, 0xe1, 255, 254, 253, 252, 0x1a, 0xe2]),
      'added.f': Buffer.from([0, 0xff]),
      added6: Buffer.alloc(18, 0xfe),
      'added6.f': Buffer.from([1]),
      dropped: Buffer.alloc(6, 0xc0),
      dropped6: Buffer.alloc(0)
    }),
    'no peers': bencode({ added: '', dropped: '' }),
    'nothing at all': bencode({}),
    '200 peers': bencode({ added: Buffer.alloc(1200, 0x80), 'added.f': Buffer.alloc(200) }),
    'keys of others': bencode({ added: Buffer.alloc(6, 9), 'added.f': '\x01', reach: 5, v: ['x', { y: 1 }] })
  }
}

module.exports = { REFUSED, SOUND }
