'use strict'

/**
 * What a peer can cost that floods and never reads, at default options. Each attack is done to 64
 * wires in a process of its own, after as many others, and its cost is that process's growth in
 * resident memory, a wire; upstream suffers it twice.
 */

const { childRow } = require('./support/row')

const MIB = 1 << 20

/** The message itself, what the allocator rounds it to, and some noise: 1.01 to 1.07 MiB are seen. */
const ONE_MESSAGE = 1.25 * MIB

function costs (limit) {
  return ({ rss, js }) => {
    expect(rss).toBeLessThan(limit)
    expect(js).toBeLessThan(limit)
  }
}

/** It costs that much at most, and its end is a violation. */
function closes (limit) {
  return result => {
    costs(limit)(result)
    expect(result.closed).toBe(1)
  }
}

// Twenty times what it takes on a machine that does nothing else.
const seconds = 120

// Up to its limit, a message may come as slowly as it likes.
childRow('D6 all but the last byte of the longest extended message', 'trickledExtended',
  { check: costs(ONE_MESSAGE), seconds, upstreamFails: false })
childRow('D6 all but the last byte of the longest piece', 'trickledPiece',
  { check: costs(ONE_MESSAGE), seconds, upstreamFails: false })
childRow('D6 all but the last byte of the longest message of an unknown id', 'trickledUnknown',
  { check: costs(ONE_MESSAGE), seconds, upstreamFails: false })
childRow('D6 all but the last byte of the longest bitfield', 'trickledBitfield',
  { check: costs(MIB), seconds, upstreamFails: false })
childRow('D6 length prefix 7fffffff, then 5 MB in small chunks', 'endlessMessage',
  { check: closes(MIB), seconds })

childRow('D8 102 KB of requests, answered at once with 16 KiB, and nothing is read', 'requestsAnsweredAtOnce',
  { check: costs(MIB), seconds })
// Here the requests themselves wait too: 12 bytes each, with room to grow.
childRow('D8 102 KB of requests, answered in a later tick, and nothing is read', 'requestsAnsweredLate',
  { check: costs(MIB + 6000 * 16), seconds })
childRow('D8 200 KB of messages that an extension answers with 16 KiB each, and nothing is read', 'pingPong',
  { check: costs(MIB), seconds })
childRow('D9 choked, with the fast extension: 2 MB of requests, and nothing is read', 'rejectedRequests',
  { check: closes(MIB), seconds })
childRow('D10 340 KB of requests that nobody answers', 'unansweredRequests',
  { check: costs(MIB), seconds })
childRow('D10 1 MB of requests that nobody answers', 'manyUnansweredRequests',
  { check: costs(1.5 * MIB), seconds })
// What has been told of stays as objects, a thousand at most.
childRow('H3 160 KB of hash requests that nobody answers', 'unansweredHashRequests',
  { check: costs(MIB), seconds, upstreamFails: false })
childRow('K2 200 extended handshakes that say much of the peer', 'talkativeHandshakes',
  { check: costs(MIB / 4), seconds, upstreamFails: false })
childRow('D12 extended handshakes with 40,000 names', 'freshNames',
  { check: costs(MIB), seconds })
childRow('D12 extended handshakes with names of 500,000 bytes', 'longNames',
  { check: costs(MIB), seconds })
