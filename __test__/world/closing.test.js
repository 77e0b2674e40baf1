'use strict'

/** What is asked of a wire that is closing, or closed. */

const { loadOurs } = require('../helpers/wire')
const messages = require('./support/messages')
const { Peer } = require('./support/peer')

let Wire

beforeAll(async () => { Wire = await loadOurs() })

/** A wire that the peer has unchoked, and what its requests come to. */
async function connect (options) {
  const peer = await Peer.greet(new Wire('tcpOutgoing'), options)
  peer.say(messages.unchoke())
  peer.log = []
  peer.ask = piece => peer.wire.request(piece, 0, 1, error => peer.log.push([piece, error.message]))
  return peer
}

const closed = ({ wire }) => new Promise(resolve => wire.once('close', resolve))

describe.each([['with', true], ['without', false]])('request(), %s the fast extension', (_, fast) => {
  test.each(['destroy', 'end'])('right after %s(): calls back at once', async method => {
    const peer = await connect({ fast })
    const end = closed(peer)
    peer.ask(1)
    peer.wire[method]()
    peer.log.push('returned')
    peer.ask(2)
    expect(peer.log).toEqual(fast
      ? ['returned', [2, 'peer is choking']]
      : [[1, 'peer is choking'], 'returned', [2, 'peer is choking']])
    expect(peer.wire.peerChoking).toBe(true)
    await end
    if (fast) expect(peer.log.slice(2)).toEqual([[1, 'wire was closed']])
    peer.ask(3)
    expect(peer.log.at(-1)).toEqual([3, 'wire is closed'])
    expect(peer.wire.requests).toEqual([])
  })

  test('in the events of a close: calls back at once, and once', async () => {
    const peer = await connect({ fast })
    const end = closed(peer)
    for (const event of ['choke', 'finish', 'end', 'close']) {
      peer.wire.on(event, () => {
        peer.ask(event)
        peer.log.push('returned')
      })
    }
    peer.ask = event => peer.wire.request(1, 0, 1, error => peer.log.push([event, error.message]))
    peer.wire.destroy()
    await end
    expect(peer.log).toEqual([
      ['choke', 'peer is choking'], 'returned', ['finish', 'wire is closed'], 'returned',
      ['end', 'wire is closed'], 'returned', ['close', 'wire is closed'], 'returned'
    ])
  })
})

test('request() right after destroy(), for a piece that is allowed fast: is called back once, when the wire closes', async () => {
  const peer = await connect({ fast: true })
  peer.say(messages.allowedFast(1))
  const end = closed(peer)
  peer.wire.destroy()
  peer.ask(1)
  expect(peer.log).toEqual([])
  await end
  expect(peer.log).toEqual([[1, 'wire was closed']])
})
