// What `require` gives: the class, and everything else as its members.
import Wire = require('../../index.js')

const wire: Wire = new Wire()
const same: typeof Wire = Wire.default
const options: Wire.Options = { highWaterMark: 1 }
const value: Wire.BencodeValue = Wire.bencodeDecode(new Uint8Array(2))
const error: Error = new Wire.WireError('ERR_INTERNAL', 'why', { cause: 1 })
const isNative: boolean = Wire.nativeRC4

export = { wire, same, options, value, error, isNative }
