'use strict'

/** Bytes that say what they must not. */

const { row } = require('./support/row')
const { Peer, turn, ...p } = require('./support/peer')
const { loadOurs } = require('../helpers/wire')

const hex = bytes => Buffer.from(bytes.replace(/ /g, ''), 'hex')
const handshake = text => p.extended(0, Buffer.from(text))

row('D1 bencode is bounded: 33 levels, 4097 values, a string past the end', Wire => {
  const peer = new Peer(Wire)
  peer.hear(handshake('d1:a' + 'l'.repeat(32) + 'e'.repeat(32) + 'e'))
  peer.hear(handshake('d1:al' + 'i1e'.repeat(4096) + 'ee'))
  peer.hear(handshake('d1:a99999999999999999999:e'))
  peer.hear(handshake('d1:a+3:abce'))
  expect(peer.names).toEqual([])
  peer.hear(handshake('d1:a' + 'l'.repeat(31) + 'e'.repeat(31) + 'e'))
  expect(peer.names).toEqual(['extended'])
  peer.expectAlive()
})

row('D1 a megabyte of `l` exhausts no stack', Wire => {
  const peer = new Peer(Wire)
  peer.hear(handshake('l'.repeat(1_000_000)))
  expect(peer.names).toEqual([])
  peer.expectAlive()
}, { upstreamFails: false })

row('D2 extended handshake `d1:md1:ad8:toStringi1eeee`', Wire => {
  const peer = new Peer(Wire)
  peer.hear(handshake('d1:md1:ad8:toStringi1eeee'))
  expect(peer.names).toEqual(['extended'])
  expect(peer.wire.peerExtendedMapping).toEqual({})
  peer.expectAlive()
})

describe('D5 bytes that make a handler of an extension throw', () => {
  const attacks = {
    onHandshake: [p.handshake(p.INFO_HASH, p.PEER_ID, { extended: true })],
    onExtendedHandshake: [p.handshake(p.INFO_HASH, p.PEER_ID, { extended: true }), handshake('d1:md7:ut_testi1eee')],
    onMessage: [p.handshake(p.INFO_HASH, p.PEER_ID, { extended: true }), p.extended(1, Buffer.from('boom'))]
  }
  for (const [hook, bytes] of Object.entries(attacks)) {
    row(`D5 ${hook} closes this wire alone`, Wire => {
      const peer = new Peer(Wire, { isGreeted: false })
      class Extension {}
      Extension.prototype.name = 'ut_test'
      Extension.prototype[hook] = () => { throw new Error('boom') }
      peer.wire.use(Extension)
      peer.wire.handshake(p.INFO_HASH, p.OUR_ID)
      peer.hear(...bytes, p.have(1))
      peer.expectViolation('ERR_EXTENSION_FAILED')
      expect(peer.wire.closeReason.cause.message).toBe('boom')
    })
  }

  row('D5 what an event listener throws stays the application\'s own', async Wire => {
    const peer = new Peer(Wire)
    peer.wire.once('have', () => { throw new Error('mine') })
    expect(() => peer.hear(p.have(1), p.have(2), p.unchoke())).toThrow('mine')
    await turn()
    expect(peer.names).toEqual(['have', 'have', 'unchoke'])
    peer.expectAlive()
  }, { upstreamFails: false })
})

describe('D6 the length prefix', () => {
  row('D6 7fffffff is refused at once', Wire => {
    const peer = new Peer(Wire)
    peer.hear(hex('7fffffff'))
    peer.expectViolation('ERR_MESSAGE_TOO_LONG')
  })

  row('D6 one byte at a time: refused at the fourth', Wire => {
    const peer = new Peer(Wire)
    peer.hear(hex('00')).hear(hex('10')).hear(hex('00'))
    expect(peer.names).toEqual([])
    peer.hear(hex('01'))
    peer.expectViolation('ERR_MESSAGE_TOO_LONG')
  })

  row('D6 1 MiB is let in, one byte more is not', Wire => {
    const peer = new Peer(Wire)
    peer.hear(p.message(0x63, Buffer.alloc((1 << 20) - 1)))
    expect(peer.names).toEqual(['unknownmessage'])
    peer.hear(hex('00100001'))
    peer.expectViolation('ERR_MESSAGE_TOO_LONG')
  })

  row('D6 a larger block is let in once it was asked for', Wire => {
    const peer = new Peer(Wire)
    const length = 3 << 20
    peer.hear(p.unchoke())
    const got = []
    peer.wire.request(0, 0, length, (error, block) => got.push(error ?? block.length))
    peer.hear(p.piece(0, 0, Buffer.alloc(length)))
    expect(got).toEqual([length])
    peer.hear(hex('00300000 07'))
    peer.hear(Buffer.alloc((3 << 20) - 1))
    expect(peer.all('piece').length).toBe(2)
    peer.hear(hex('0030000a'))
    peer.expectViolation('ERR_MESSAGE_TOO_LONG')
  })

  row('D6 the option maxMessageLength', Wire => {
    const peer = new Peer(Wire, { options: { maxMessageLength: 100 } })
    peer.hear(p.message(0x63, Buffer.alloc(99)))
    expect(peer.names).toEqual(['unknownmessage'])
    peer.hear(hex('00000065'))
    peer.expectViolation('ERR_MESSAGE_TOO_LONG')
  })

  row('D6 a bitfield is no longer than maxPieces wants it', Wire => {
    const peer = new Peer(Wire, { options: { maxPieces: 9 } })
    peer.hear(p.bitfield(hex('ffff')))
    expect(peer.names).toEqual(['bitfield'])
    peer.hear(hex('00000004 05'))
    peer.expectViolation('ERR_MESSAGE_TOO_LONG')
  })
})

describe('D13 what a kept block pins', () => {
  row('D13 one chunk, never several joined', Wire => {
    const peer = new Peer(Wire)
    const stream = Buffer.concat(Array.from({ length: 20 }, (_, i) => p.piece(i, 0, Buffer.alloc(16384, i))))
    const pinned = []
    peer.wire.on('piece', (index, offset, block) => pinned.push(block.buffer.byteLength))
    for (let at = 0; at < stream.length; at += 65536) {
      // In memory of its own, as from a socket.
      const chunk = Buffer.allocUnsafeSlow(Math.min(65536, stream.length - at))
      stream.copy(chunk, 0, at)
      peer.hearChunk(chunk)
    }
    expect(pinned.length).toBe(20)
    expect(Math.max(...pinned)).toBeLessThanOrEqual(65536)
  })
})

describe('D14 a length of 80000000 and above', () => {
  for (const prefix of ['80000000', 'ffffffff']) {
    row(`D14 ${prefix} is no keep-alive`, Wire => {
      const peer = new Peer(Wire)
      peer.hear(hex(prefix))
      peer.expectViolation('ERR_MESSAGE_TOO_LONG')
    })
  }
})

describe('D15 strict lengths', () => {
  const fixed = { 0: 1, 1: 1, 2: 1, 3: 1, 4: 5, 6: 13, 8: 13, 9: 3, 13: 5, 14: 1, 15: 1, 16: 13, 17: 5 }
  for (const [id, length] of Object.entries(fixed)) {
    row(`D15 id ${id} is ${length} bytes long, no more and no less`, Wire => {
      for (let wrong = 1; wrong < 20; wrong++) {
        const peer = new Peer(Wire, { fast: true })
        peer.wire.unchoke()
        peer.hear(p.message(Number(id), Buffer.alloc(wrong - 1)), p.have(3))
        if (wrong === length) peer.expectAlive()
        else peer.expectViolation('ERR_BAD_LENGTH')
      }
    })
  }
  for (const [id, least] of Object.entries({ 7: 9, 20: 2 })) {
    row(`D15 id ${id} is at least ${least} bytes long`, Wire => {
      for (let length = 1; length < least; length++) {
        const peer = new Peer(Wire)
        peer.hear(p.message(Number(id), Buffer.alloc(length - 1)))
        peer.expectViolation('ERR_BAD_LENGTH')
      }
      new Peer(Wire).hear(p.message(Number(id), Buffer.alloc(least - 1))).expectAlive()
    })
  }

  row('D15 an unknown id of any length is no violation', Wire => {
    const peer = new Peer(Wire)
    peer.hear(hex('00000001 63'), hex('00000003 fe0102'))
    expect(peer.all('unknownmessage').map(([bytes]) => Buffer.from(bytes).toString('hex'))).toEqual(['63', 'fe0102'])
    peer.expectAlive()
  }, { upstreamFails: false })
})

describe('D16 numbers of 2^31 and above', () => {
  row('D16 they are unsigned', Wire => {
    const peer = new Peer(Wire, { fast: true })
    peer.wire.unchoke()
    const most = 0xffffffff
    peer.hear(p.request(most, most, most), p.cancel(most, most, most), p.reject(most, most, most))
    peer.hear(p.piece(most, 0x80000000, Buffer.from('x')))
    expect(peer.all('request')[0].slice(0, 3)).toEqual([most, most, most])
    expect(peer.all('cancel')).toEqual([[most, most, most]])
    expect(peer.all('reject')).toEqual([[most, most, most]])
    expect(peer.all('piece')[0].slice(0, 2)).toEqual([most, 0x80000000])
  })

  for (const name of ['have', 'suggest', 'allowedFast']) {
    for (const index of [2097152, 0x7fffffff, 0x80000000, 0xffffffff]) {
      row(`D16 ${name} of ${index}`, Wire => {
        const peer = new Peer(Wire, { fast: true })
        peer.hear(p[name](2097151))
        expect(peer.names.length).toBe(1)
        peer.hear(p[name](index))
        peer.expectViolation('ERR_PIECE_OUT_OF_RANGE')
      })
    }
  }
})

describe('D22 garbage instead of a handshake', () => {
  const real = p.handshake(p.INFO_HASH, p.PEER_ID)
  const garbage = {
    'of an HTTP client': Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.padEnd(100)),
    'of one byte, then a real one': Buffer.concat([hex('12'), real]),
    'with another protocol': Buffer.concat([Buffer.from('\x13BitTorrent Protocol'), real.subarray(20)])
  }
  for (const [name, bytes] of Object.entries(garbage)) {
    row(`D22 garbage ${name}: one violation, and no handshake`, Wire => {
      for (const step of [1, bytes.length]) {
        const peer = new Peer(Wire, { isGreeted: false })
        for (let at = 0; at < bytes.length; at += step) peer.hear(bytes.subarray(at, at + step))
        peer.hear(real)
        expect(peer.all('handshake')).toEqual([])
        peer.expectViolation('ERR_BAD_HANDSHAKE')
      }
    })
  }
})

describe('D23 an end in the middle of a chunk', () => {
  row('D23 destroy() in a handler: nothing more of the chunk is emitted', async Wire => {
    const peer = new Peer(Wire)
    peer.wire.once('have', () => peer.wire.destroy())
    peer.hear(p.have(1), p.have(2), p.unchoke(), p.piece(0, 0, Buffer.from('x')), p.interested())
    await turn()
    expect(peer.names).toEqual(['have', 'uninterested', 'choke'])
  })

  row('D23 a violation: nothing after it, everything before it', async Wire => {
    const peer = new Peer(Wire)
    peer.hear(p.have(1), hex('00000002 04ff'), p.have(2), p.unchoke())
    await turn()
    expect(peer.all('have')).toEqual([[1]])
    peer.expectViolation('ERR_BAD_LENGTH')
  })

  row('D23 an error is emitted where somebody listens for it', async Wire => {
    const peer = new Peer(Wire)
    const heard = []
    peer.wire.on('error', error => heard.push(error.code))
    peer.hear(hex('80000000'))
    await turn()
    expect(heard).toEqual(['ERR_MESSAGE_TOO_LONG'])
    expect(peer.names.filter(name => name !== 'error')).toEqual(['violation', 'uninterested', 'choke'])
  })
})

describe('D27 an `m` that is none', () => {
  for (const m of ['i5e', '4:spam', 'l4:spami1ee', 'd1:ai-1e1:bi256e1:ci4294967297e1:d1:31:elee']) {
    row(`D27 \`${m}\` does not count`, Wire => {
      const peer = new Peer(Wire)
      peer.hear(handshake(`d1:m${m}e`))
      expect(peer.names).toEqual(['extended'])
      expect(peer.wire.peerExtendedMapping).toEqual({})
      peer.expectAlive()
    }, { upstreamFails: m !== 'i5e' })
  }

  row('D27 names that JavaScript has plans for', Wire => {
    const peer = new Peer(Wire)
    peer.hear(handshake('d1:md9:__proto__i3e11:constructori4e6:lengthi5eee'))
    const mapping = peer.wire.peerExtendedMapping
    expect(Object.entries(mapping).sort()).toEqual([['__proto__', 3], ['constructor', 4], ['length', 5]])
    expect(() => peer.wire.extended('toString', Buffer.from('x'))).toThrow('Unrecognized extension: toString')
  })
})

describe('D28 an extension that is switched off', () => {
  row('D28 its name is unknown again', async Wire => {
    const peer = new Peer(Wire)
    peer.hear(handshake('d1:md7:ut_testi3eee'))
    peer.wire.extended('ut_test', Buffer.from('a'))
    peer.hear(handshake('d1:md7:ut_testi0eee'))
    expect(() => peer.wire.extended('ut_test', Buffer.from('b'))).toThrow('Unrecognized extension: ut_test')
    expect(peer.wire.peerExtendedMapping).toEqual({})
    expect(await peer.sent()).toEqual(['140361'])
  })
})

row('D29 extended messages though BEP 10 was not negotiated', Wire => {
  const peer = new Peer(Wire, { extended: false })
  peer.hear(handshake('d1:md7:ut_testi3eee'), p.extended(1, Buffer.from('x')))
  expect(peer.names).toEqual([])
  expect(peer.wire.peerExtendedMapping).toEqual({})
  peer.expectAlive()
})

test('violations are counted by code, for the process', async () => {
  const Wire = await loadOurs()
  const before = Wire.violations
  for (const prefix of ['80000000', 'ffffffff']) new Peer(Wire).hear(hex(prefix))
  new Peer(Wire).hear(hex('00000002 04ff'))
  const count = code => Wire.violations[code] - (before[code] ?? 0)
  expect([count('ERR_MESSAGE_TOO_LONG'), count('ERR_BAD_LENGTH')]).toEqual([2, 1])
})

test('every violation has a code of its own, and a peer that behaves has none', async () => {
  const Wire = await loadOurs()
  const peer = new Peer(Wire)
  peer.hear(p.have(1), p.unchoke(), p.message(0x63, Buffer.from('?')))
  peer.expectAlive()
  const choked = new Peer(Wire)
  choked.hear(p.suggest(1))
  choked.expectViolation('ERR_FAST_DISABLED')
})
