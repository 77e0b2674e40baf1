/** The types of the native transport. */

import net from 'node:net'
import Wire from 'bittorrent-protocol-native'
import { connect, listen, createConnection, createServer, type ConnectedWire } from 'bittorrent-protocol-native/net'

const INFO_HASH = '0123456789abcdef0123456789abcdef01234567'

const wire: ConnectedWire = connect({
  host: '127.0.0.1',
  port: 6881,
  infoHash: INFO_HASH,
  peerId: Buffer.alloc(20),
  extensions: { fast: true },
  encryption: 'allow',
  handshakeTimeout: 1000,
  signal: AbortSignal.timeout(1000),
  maxPieces: 100
})
const asWire: Wire = wire
wire.on('connect', () => wire.unref().interested())
wire.on('piece', (index, offset, block) => index + offset + block.length)
const place: string | undefined = wire.remoteAddress
const code: string | undefined = wire.connectionError?.code
// @ts-expect-error there is no such encryption
connect({ port: 1, encryption: 'rc4' })
// @ts-expect-error a port is needed
connect({ host: 'x' })

const server = listen({ infoHashes: [INFO_HASH], peerId: '00'.repeat(20), maxConnections: 50, onInfoHash: async hash => hash === INFO_HASH }, wire => {
  wire.handshake(INFO_HASH, Buffer.alloc(20))
})
server.on('wire', wire => wire.unchoke())
server.on('drop', ({ remoteAddress }) => remoteAddress.length)
const port: number | undefined = server.address()?.port
server.close(() => {})

const socket = createConnection({ port: 6881, timeout: 1000 }, () => {})
socket.pipe(asWire).pipe(socket)
socket.setNoDelay().setKeepAlive(true, 1000).unref()
createServer({ allowHalfOpen: true }, socket => socket.end()).listen(0, '127.0.0.1', () => {}).unref()
const shape: Pick<net.Socket, 'bytesRead' | 'remotePort' | 'destroySoon' | 'readyState'> = socket

export { place, code, port, shape }
