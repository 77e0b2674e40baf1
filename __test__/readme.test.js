'use strict'

/** The README: its examples run as they are, and its links lead somewhere. */

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { promisify } = require('node:util')

const ROOT = path.join(__dirname, '..')
const README = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8')

/** What the examples print, in order. */
const OUTPUTS = [
  'got 16384 bytes: the piece\n',
  'ERR_BAD_HANDSHAKE the peer does not speak the BitTorrent protocol\nclosed because of ERR_BAD_HANDSHAKE\n',
  'seeder 1.0 sent 16384 bytes, and takes 2000 requests\n',
  'tcpIncoming ERR_BAD_HANDSHAKE\n',
  'an encrypted peer wants 0123456789abcdef0123456789abcdef01234567\n',
  '16384 bytes from 127.0.0.1\n'
]

const examples = [...README.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code)

let folder

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'readme-test-'))
  fs.mkdirSync(path.join(folder, 'node_modules'))
  fs.symlinkSync(ROOT, path.join(folder, 'node_modules/bittorrent-protocol-native'), 'junction')
})

afterAll(() => fs.rmSync(folder, { recursive: true }))

test.each(OUTPUTS.map((output, i) => [i + 1, output]))('example %d runs', async (number, output) => {
  const file = path.join(folder, `example-${number}.mjs`)
  fs.writeFileSync(file, examples[number - 1])
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { timeout: 20_000 })
  expect([stdout, stderr]).toEqual([output, ''])
}, 30_000)

test('there are no other examples', () => {
  expect(examples).toHaveLength(OUTPUTS.length)
})

test('every option and every code of a violation is in it', () => {
  const types = fs.readFileSync(path.join(ROOT, 'index.d.ts'), 'utf8')
  const options = /interface Options \{(.*?)^ {2}\}/ms.exec(types)[1].match(/^ {4}\w+(?=\?:)/gm).map(name => name.trim())
  expect(options.length).toBeGreaterThan(3)
  for (const option of options) expect(README).toContain(`\`${option}\``)
  const notThePeers = ['ERR_EXTENSION_NAME', 'ERR_CHUNK_DETACHED', 'ERR_INTERNAL']
  const codes = new Set(types.match(/ERR_[A-Z0-9_]+/g).filter(code => !notThePeers.includes(code) && !/ARG_TYPE|OUT_OF_RANGE$/.test(code)))
  codes.add('ERR_PIECE_OUT_OF_RANGE')
  for (const code of codes) expect(README).toContain(code)
})

test.each(['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'])('the links of %s lead somewhere', name => {
  const text = fs.readFileSync(path.join(ROOT, name), 'utf8')
  const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) => title.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-'))
  for (const [, target] of text.matchAll(/\]\(([^)]+)\)/g)) {
    // What is in bench/ is written by `npm run bench`.
    if (/^https:|^bench\//.test(target)) continue
    if (target.startsWith('#')) expect(anchors).toContain(target.slice(1))
    else expect([target, fs.existsSync(path.join(ROOT, target))]).toEqual([target, true])
  }
})

test('every code that is thrown is in the typings', () => {
  const sources = ['lib', 'src'].flatMap(place => fs.readdirSync(path.join(ROOT, place), { recursive: true })
    .map(name => path.join(ROOT, place, name)).filter(file => /\.(js|rs)$/.test(file)))
  const codes = new Set(sources.flatMap(file => fs.readFileSync(file, 'utf8').match(/(?<=['"])ERR_[A-Z_0-9]+(?=['"])/g) ?? []))
  const types = fs.readFileSync(path.join(ROOT, 'index.d.ts'), 'utf8')
  expect(codes.size).toBeGreaterThan(15)
  // A package that does not load has no types to name its error: the README does.
  const named = types + ['net.d.ts', 'utp.d.ts', 'README.md'].map(name => fs.readFileSync(path.join(ROOT, name), 'utf8')).join('')
  expect([...codes].filter(code => !named.includes(code))).toEqual([])
})
