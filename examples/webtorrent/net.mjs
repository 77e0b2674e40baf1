/** `net` of Node.js, with the native transport's sockets and servers. */

import net from 'node:net'
import native from 'bittorrent-protocol-native/net'

const { Server, Socket, createConnection, createServer } = native

export default { ...net, Server, Socket, connect: createConnection, createConnection, createServer }
