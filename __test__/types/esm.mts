// What `import` gives: the class, and what stands beside it.
import Wire, { bencodeDecode, WireError } from '../../index.js'
import type { BitField, Extension, Options } from '../../index.js'

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

export { wire, options, extension, pieces, value, code, WebConn }
