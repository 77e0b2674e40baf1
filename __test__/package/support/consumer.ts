// A program of a user's: installed.test.js compiles and runs it in a project of its own.

import Wire from 'bittorrent-protocol-native'

const left = new Wire('tcpOutgoing')
const right = new Wire('tcpIncoming', 0, { maxPeerRequests: 100 })
left.pipe(right).pipe(left)

right.on('handshake', (infoHash, peerId, extensions) => {
  const texts: [string, string] = [infoHash, peerId]
  const flags: boolean[] = [extensions.fast, extensions.dht, extensions.extended]
  right.handshake(texts[0], Buffer.alloc(20, 2), { fast: flags[0] })
  right.bitfield(Uint8Array.of(0x80))
  right.unchoke()
})
right.on('request', (piece, offset, length, respond) => {
  const numbers: number[] = [piece, offset, length]
  respond(null, Buffer.alloc(numbers[2], 7))
})
left.on('unchoke', () => left.request(0, 0, 16384, (err, block) => {
  if (err !== null) throw err
  console.log(block!.length, block![16383])
  left.destroy()
  right.destroy()
}))

export function mistakes () {
  // @ts-expect-error a piece has a number
  left.have('first')
  // @ts-expect-error a request has a length
  left.request(0, 0)
  // @ts-expect-error there is no such message
  left.on('no-such-event', (): void => {})
}

left.handshake(Buffer.alloc(20, 1), Buffer.alloc(20, 3))
