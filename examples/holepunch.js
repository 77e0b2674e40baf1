'use strict'

// Two peers that take no connections, behind their NATs, and a third that both are connected to: it
// introduces them to each other (BEP 55).

const { once } = require('node:events')
const net = require('node:net')

const Wire = require('bittorrent-protocol-native')
const utHolepunch = require('bittorrent-protocol-native/ut_holepunch')

const { peerId } = require('./demo/peer-id')
const { program } = require('./program')

const INFO_HASH = Buffer.from('a torrent of ours ..').toString('hex')

program(module, {
  usage: `Three peers in this process: one introduces the other two to each other.

  node examples/holepunch.js`,
  arguments: [0, 0],
  async run () {
    const relay = new utHolepunch.Relay()
    const server = net.createServer((socket) => {
      const wire = new Wire('tcpIncoming')
      wire.use(utHolepunch())
      // Where it is seen from outside: the address to which another peer's packets have to go.
      relay.add(wire, `${socket.remoteAddress}:${socket.remotePort}`)
      wire.ut_holepunch.on('rendezvous', (target) => console.log(`Carol introduces ${nameOf(socket.remotePort)} to ${nameOf(target)}`))
      attach(wire, socket)
      wire.on('handshake', () => wire.handshake(INFO_HASH, peerId()))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')

    const alice = await join('Alice', server.address().port)
    const bob = await join('Bob', server.address().port)
    alice.wire.ut_holepunch.on('failed', (target, code) => console.log(`Alice cannot be introduced to ${nameOf(target)}: error ${code}`))
    const introduced = [alice, bob].map(async ({ name, wire }) => {
      const [address] = await once(wire.ut_holepunch, 'connect')
      console.log(`${name} connects to ${nameOf(address)} now, over uTP`)
    })

    // She has heard of both by peer exchange, say.
    const stranger = '127.0.0.1:9'
    alice.wire.ut_holepunch.rendezvous(stranger)
    await once(alice.wire.ut_holepunch, 'failed')
    alice.wire.ut_holepunch.rendezvous(bob.address)
    await Promise.all(introduced)

    for (const { wire } of [alice, bob]) wire.destroy()
    server.close()
  }
})

/** By their ports. */
const names = new Map()

function nameOf (address) {
  const port = Number(String(address).split(':').at(-1))
  return names.get(port) ?? 'a stranger'
}

/** A peer that is connected to the third one. */
async function join (name, port) {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  names.set(socket.localPort, name)
  const wire = new Wire('tcpOutgoing')
  wire.use(utHolepunch())
  attach(wire, socket)
  const greeted = once(wire, 'extended')
  wire.handshake(INFO_HASH, peerId())
  await greeted
  return { name, wire, address: `127.0.0.1:${socket.localPort}` }
}

function attach (wire, socket) {
  socket.on('error', () => {}) // the wire closes with it
  socket.pipe(wire).pipe(socket)
}
