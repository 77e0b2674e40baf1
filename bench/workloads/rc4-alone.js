'use strict'

const { execFile, spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const readline = require('node:readline')
const { pathToFileURL } = require('node:url')
const { promisify } = require('node:util')
const bytes = require('../support/bytes.js')
const { seconds } = require('../support/drive.js')

const exec = promisify(execFile)

const ROOT = path.join(__dirname, '..', '..')
const MSE = path.join(ROOT, 'node_modules', 'bittorrent-protocol', 'mse.js')
const ROW = /^rc4 apply, 16 KiB\s+([\d.]+) MB\/s/
const UPSTREAM_BYTES = 16 << 20

/** B/s of each, by name. */
const speeds = { ours, openssl, upstream }
let binary

module.exports = {
  name: 'RC4 alone, 16 KiB blocks',
  goal: 0.9,
  unit: 'B/s',
  baseline: 'openssl',
  encrypted: true,
  extras: [{ name: 'openssl', label: 'openssl speed' }],
  about: 'our cipher (`cargo bench --bench mse`), OpenSSL\'s assembly (`openssl speed -provider legacy -provider default -evp rc4 -bytes 16384`), in turn; OpenSSL\'s rate is not the same everywhere (940 MB/s in design.md, about 380 MB/s where this bench was written), so read the ratio with both figures',

  async run ({ name }, n, thorough) {
    return { value: await speeds[name](thorough) }
  }
}

/** The Rust bench, compiled by the first call; its first row is this one, the others are not waited for. */
async function ours (first) {
  if (first) binary = await compile()
  const bench = spawn(binary, ['--bench'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    for await (const line of readline.createInterface({ input: bench.stdout })) {
      const row = ROW.exec(line)
      if (row) return Number(row[1]) * 1e6
    }
  } finally {
    bench.kill()
  }
  throw new Error('the Rust bench told no rate')
}

async function compile () {
  if (!fs.existsSync(path.join(ROOT, 'benches', 'mse.rs'))) throw new Error('benches/mse.rs is not there')
  const { stdout } = await exec('cargo',
    ['bench', '--bench', 'mse', '--no-default-features', '--no-run', '--message-format', 'json'],
    { cwd: ROOT, maxBuffer: 1 << 28 })
  const artifacts = stdout.split('\n').filter(Boolean).map(line => JSON.parse(line))
  return artifacts.find(({ target, executable }) => target?.name === 'mse' && executable).executable
}

async function openssl () {
  const { stdout } = await exec('openssl',
    ['speed', '-provider', 'legacy', '-provider', 'default', '-seconds', '1', '-mr', '-evp', 'rc4', '-bytes', '16384'])
  const match = /^\+F:\d+:RC4:([\d.]+)/m.exec(stdout)
  if (!match) throw new Error('openssl speed told no rate')
  return Number(match[1])
}

/** Upstream's cipher, which is JavaScript unless Node.js has the legacy provider. */
async function upstream () {
  const { MessageStreamEncryptor } = await import(pathToFileURL(MSE))
  const encryptor = new MessageStreamEncryptor(bytes.INFO_HASH.toString('hex'))
  encryptor.S = Buffer.alloc(96, 1)
  encryptor._initializeCiphers('A')
  const block = bytes.block(bytes.BLOCK_LENGTH, 1)
  const elapsed = await seconds(async () => {
    for (let done = 0; done < UPSTREAM_BYTES; done += block.length) {
      if (encryptor.encryptCipher(block).length !== block.length) throw new Error('a block is lost')
    }
  })
  return UPSTREAM_BYTES / elapsed
}
