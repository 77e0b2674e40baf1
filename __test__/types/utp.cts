/** The types of uTP, as a caller of utp-native has them. */

import UTP = require('bittorrent-protocol-native/utp')
import { Duplex } from 'node:stream'
import Wire = require('bittorrent-protocol-native')

const server: UTP.Socket = UTP.createServer({ allowHalfOpen: false }, (connection: UTP.Connection) => {
  const stream: Duplex = connection
  const [address, port]: [string, number] = [connection.remoteAddress, connection.remotePort]
  const family: 'IPv4' | 'IPv6' | undefined = connection.remoteFamily
  connection.setTimeout(1000, () => connection.destroy(new Error(`${address}:${port} ${family}`))).ref().unref()
  connection.setInteractive(true)
  connection.setContentSize(1)
  connection.setPacketSize(1)
  connection.pipe(new Wire('utpIncoming')).pipe(stream)
  // @ts-expect-error it may be destroyed
  const own: UTP.Address = connection.address()
  // @ts-expect-error where the peer is stays as it is
  connection.remotePort = own.port
})
UTP.createServer(connection => connection.end())
server.maxConnections = 10
server.listen(6881, '::', () => {})
server.listen(6881, () => {})
server.listen(() => {})
server.bind(0, null)
server.on('message', (bytes: Buffer, from: UTP.Address) => server.send(bytes, 0, bytes.length, from.port, from.address, error => error?.message))
server.firewall(true)
const { address, port }: { address: string, port: number } = server.address()
const sizes: number[] = [server.setRecvBufferSize(1 << 20), server.getRecvBufferSize(), server.setSendBufferSize(1 << 20), server.getSendBufferSize()]
server.setTTL(sizes.length)
server.ref()
server.unref()
server.close(() => {})

const sockets: UTP.Socket[] = [UTP(), UTP({ allowHalfOpen: true })]
for (const socket of sockets) {
  const connection = socket.connect(port, address)
  const isRead: boolean = connection.bytesRead + connection.bytesWritten > 0 || connection.connecting
  connection.write(String(isRead))
}
UTP.connect('6881', 'localhost', { allowHalfOpen: false }).on('connect', () => {})
// @ts-expect-error a port is needed
UTP.connect()
// @ts-expect-error there is no such option
UTP({ interactive: true })
// @ts-expect-error a packet is bytes
server.send('packet', 0, 6, 6881, 'localhost')
