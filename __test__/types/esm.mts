// What `import` gives: the class, and what stands beside it.
import Wire, { bencodeDecode, WireError } from '../../index.js'
import type { BitField, Extension, Options } from '../../index.js'
import utMetadata from '../../extensions/ut_metadata.js'
import utHolepunch, { Relay } from '../../extensions/ut_holepunch.js'
import type { UtMetadata } from '../../extensions/ut_metadata.js'

const wire: Wire = new Wire('tcpOutgoing', 1)
const options: Options = { maxPieces: 100 }
const extension: Extension = { name: 'ut_test' }
const pieces: BitField | Wire.HaveAll = wire.peerPieces
const value: Wire.BencodeValue = bencodeDecode(Buffer.from('i1e'))
const code: Wire.ErrorCode = new WireError('ERR_BAD_LENGTH', 'too long').code

class WebConn extends Wire {
  url = 'http://127.0.0.1/'

  constructor () {
    super()
    this.on('interested', () => this.unchoke())
  }
}

wire.use(utMetadata())
wire.use(utHolepunch())
const metadata: UtMetadata | undefined = wire.ut_metadata
const relay: Relay = new utHolepunch.Relay()

export { wire, options, extension, pieces, value, code, metadata, relay, WebConn }
