'use strict'

// An extension of one's own (BEP 10): two peers chat over it. `createChat` is all that a program
// needs; the rest of this file is the conversation.

const { EventEmitter, once } = require('node:events')
const net = require('node:net')

const Wire = require('bittorrent-protocol-native')

const { peerId } = require('./demo/peer-id')
const { program } = require('./program')

const { bencodeDecode } = Wire

const INFO_HASH = Buffer.from('an extension of ours').toString('hex')
const MAX_TEXT_LENGTH = 1000

/**
 * @param {string} nickname
 * @returns {Function} the extension, for `wire.use`
 */
function createChat (nickname) {
  /** Chats with the peer. Emits `nickname (text)` and `text (text)`. */
  class Chat extends EventEmitter {
    constructor (wire) {
      super()
      this.wire = wire
      // Goes out with our extended handshake, beside the extension's number.
      wire.extendedHandshake.nickname = nickname
    }

    /** The peer's handshake has come. What an extension throws closes the wire, and no more. */
    onHandshake (infoHash, peerId, extensions) {}

    /** The peer speaks this extension too; the strings of its extended handshake are bytes. */
    onExtendedHandshake (handshake) {
      const { nickname } = handshake
      if (!ArrayBuffer.isView(nickname)) throw new Error('a peer without a nickname')
      this.emit('nickname', readText(nickname))
    }

    /** A message of this extension: the peer chose every byte of it. */
    onMessage (bytes) {
      const message = bencodeDecode(bytes)
      if (!ArrayBuffer.isView(message?.text)) throw new Error('a message without a text')
      this.emit('text', readText(message.text))
    }

    /** @param {string} text */
    say (text) {
      this.wire.extended('our_chat', { text })
    }
  }
  // The name that the peer must know it by.
  Chat.prototype.name = 'our_chat'
  return Chat
}

function readText (bytes) {
  if (bytes.length > MAX_TEXT_LENGTH) throw new Error('a text that is too long')
  return Buffer.from(bytes).toString()
}

module.exports = { createChat }

program(module, {
  usage: `Two peers in this process chat over an extension of their own, and leave.

  node examples/extension.js`,
  arguments: [0, 0],
  async run () {
    const server = net.createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')

    server.once('connection', (socket) => {
      const wire = meet(socket, new Wire('tcpIncoming'), 'Bob')
      wire.on('handshake', () => wire.handshake(INFO_HASH, peerId()))
      wire.our_chat.on('text', (text) => {
        if (text !== 'Bye!') return wire.our_chat.say('Fine, thank you. And you?')
        wire.our_chat.say('Bye!')
        server.close()
      })
    })

    const wire = meet(net.connect(server.address().port, '127.0.0.1'), new Wire('tcpOutgoing'), 'Alice')
    wire.our_chat.on('nickname', (nickname) => wire.our_chat.say(`Hello, ${nickname}! How are you?`))
    wire.our_chat.on('text', (text) => {
      if (text === 'Bye!') wire.destroy()
      else wire.our_chat.say('Bye!')
    })
    wire.handshake(INFO_HASH, peerId())
    await once(wire, 'close')
  }
})

/** Puts a wire on a socket, with a chat that is shown. */
function meet (socket, wire, nickname) {
  wire.use(createChat(nickname))
  wire.our_chat.on('nickname', (other) => console.log(`${nickname} meets ${other}`))
  wire.our_chat.on('text', (text) => console.log(`${nickname} hears: ${text}`))
  socket.on('error', () => {}) // the wire closes with it
  socket.pipe(wire).pipe(socket)
  return wire
}
