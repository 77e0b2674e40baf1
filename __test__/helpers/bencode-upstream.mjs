// Encodes with the npm package bencode, which is an ES module: jest itself cannot load it.
// stdin: an array of values, serialized by node:v8; stdout: the array of their encodings.
import v8 from 'node:v8'
import bencode from 'bencode'

// It prints a warning and a stack trace for fractions and booleans.
console.warn = console.trace = () => {}

const chunks = []
for await (const chunk of process.stdin) chunks.push(chunk)
const values = v8.deserialize(Buffer.concat(chunks))
process.stdout.write(v8.serialize(values.map((value) => Buffer.from(bencode.encode(value)))))
