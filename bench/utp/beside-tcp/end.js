'use strict'

/** One end of a stream: `end.js MODULE receive`, or `end.js MODULE send SECONDS`; the module is `net` or one of uTP. */

const [file, role, seconds] = process.argv.slice(2)
const kind = require(file)
const HOST = '10.99.0.2'
const PORT = 6881
const MS = 500

if (role === 'receive') {
  let received = 0
  kind.createServer(connection => {
    connection.on('data', bytes => { received += bytes.length }).on('error', () => {})
  }).listen(PORT, HOST)
  setInterval(() => {
    console.log(received / MS * 1000)
    received = 0
  }, MS)
} else {
  const connection = kind.connect(PORT, HOST)
  const bytes = Buffer.alloc(65536)
  const fill = () => { while (connection.write(bytes)); }
  connection.on('drain', fill).on('error', error => { throw error })
  fill()
  setTimeout(() => process.exit(), seconds * 1000)
}
