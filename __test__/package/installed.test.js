'use strict'

/** The package as a stranger gets it: packed, and installed in an empty project elsewhere. */

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const { platformName } = require('../../lib/platform.js')
const { pack, install, run, npm, environment, ROOT, ALWAYS } = require('./support/tarballs')

const manifest = require('../../package.json')
const MINUTES = 60_000

// What npm, cargo and compilers take on a busy machine.
jest.setTimeout(10 * MINUTES)

let folder, project, tarballs

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'installed-test-'))
  tarballs = await pack(folder)
  project = makeProject('project')
  await install(project, [tarballs.main, tarballs.platform, ...tarballs.others])
})

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

function makeProject (name, fields = {}) {
  const place = path.join(folder, name)
  fs.mkdirSync(place)
  fs.writeFileSync(path.join(place, 'package.json'), JSON.stringify({ name, private: true, ...fields }))
  return place
}

/** Writes a file into the project and runs it; resolves with what it printed. */
function runFile (name, text, ...options) {
  fs.writeFileSync(path.join(project, name), text)
  return run(process.execPath, [...options, name], project)
}

/** A program that has two wires shake hands and exchange a block, for any of the ways to load them. */
const EXCHANGE = `
const left = new Wire('tcpOutgoing')
const right = new Wire('tcpIncoming')
left.pipe(right).pipe(left)
right.on('handshake', infoHash => {
  right.handshake(infoHash, Buffer.alloc(20, 2))
  right.bitfield(Buffer.from([0x80]))
  right.unchoke()
})
right.on('request', (piece, offset, length, respond) => respond(null, Buffer.alloc(length, 7)))
left.on('unchoke', () => left.request(0, 0, 16384, (err, block) => {
  if (err) throw err
  console.log(block.length, block[16383])
  left.destroy()
  right.destroy()
}))
left.handshake(Buffer.alloc(20, 1), Buffer.alloc(20, 3))
`
const EXCHANGED = '16384 7\n'

describe('the tarball of the main package', () => {
  let packed

  beforeAll(async () => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
    packed = [
      ...JSON.parse(await npm(args, ROOT)),
      ...JSON.parse(await npm(args, path.join(folder, 'stage/npm', platformName())))
    ]
  })

  test('every file that package.json lists is there', () => {
    const listed = [...manifest.files, ...ALWAYS, manifest.main, manifest.types, ...exportTargets(manifest.exports)]
    const paths = packed[0].files.map(file => file.path)
    const isThere = file => paths.some(path => path === file || path.startsWith(`${file}/`))
    expect(listed.map(file => file.replace(/^\.\//, '')).filter(file => !isThere(file))).toEqual([])
  })

  test('nothing is there that is not committed', () => {
    const committed = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n')
    expect(packed[0].files.map(file => file.path).filter(file => !committed.includes(file))).toEqual([])
  })

  test('a release has the same files, and names the packages of all platforms', () => {
    const { files, optionalDependencies } = readTarball()
    expect(files).toEqual(packed[0].files.map(file => file.path).sort())
    expect(Object.keys(optionalDependencies).sort()).toEqual(
      fs.readdirSync(path.join(ROOT, 'npm')).map(platform => `${manifest.name}-${platform}`))
    expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([manifest.version]))
  })

  test('that of the platform has the addon, and no more than npm adds', () => {
    expect(packed[1].files.map(file => file.path).sort())
      .toEqual(['README.md', `${manifest.napi.binaryName}.${platformName()}.node`, 'package.json'])
  })

  test('those of the platforms are as napi-rs writes them', async () => {
    const fresh = path.join(folder, 'fresh')
    fs.mkdirSync(fresh)
    fs.copyFileSync(path.join(ROOT, 'package.json'), path.join(fresh, 'package.json'))
    await run(process.execPath, [path.join(ROOT, 'node_modules/@napi-rs/cli/dist/cli.js'), 'create-npm-dirs'], fresh)
    const read = (root, platform, file) => fs.readFileSync(path.join(root, 'npm', platform, file), 'utf8')
    const platforms = fs.readdirSync(path.join(fresh, 'npm'))
    expect(fs.readdirSync(path.join(ROOT, 'npm'))).toEqual(platforms)
    for (const platform of platforms) {
      for (const file of ['package.json', 'README.md']) {
        expect(read(ROOT, platform, file)).toBe(read(fresh, platform, file))
      }
    }
  })

  test('their sizes are reasonable', () => {
    const sizes = packed.map(({ name, size, unpackedSize }) =>
      `  ${name}: ${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked\n`)
    process.stdout.write(sizes.join(''))
    expect(packed[0].unpackedSize).toBeLessThan(2e6)
    expect(packed[1].unpackedSize).toBeLessThan(4e6)
  })
})

function kilobytes (bytes) {
  return `${(bytes / 1000).toFixed(0)} kB`
}

function exportTargets (exports) {
  return typeof exports === 'string' ? [exports] : Object.values(exports).flatMap(exportTargets)
}

/** @returns {{ files: string[], optionalDependencies: object }} of the main package, as installed */
function readTarball () {
  const place = path.join(project, 'node_modules', manifest.name)
  const files = fs.readdirSync(place, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.relative(place, path.join(entry.parentPath ?? entry.path, entry.name)).replaceAll('\\', '/'))
  const { optionalDependencies } = JSON.parse(fs.readFileSync(path.join(place, 'package.json'), 'utf8'))
  return { files: files.sort(), optionalDependencies }
}

describe('installed', () => {
  test('require', async () => {
    expect(await runFile('require.cjs', `const Wire = require('${manifest.name}')\n${EXCHANGE}`)).toBe(EXCHANGED)
  })

  test('import', async () => {
    expect(await runFile('import.mjs', `import Wire from '${manifest.name}'\n${EXCHANGE}`)).toBe(EXCHANGED)
  })

  test('every entry point can be required and imported', async () => {
    const entries = Object.keys(manifest.exports).filter(entry => entry !== './package.json')
    const program = entries.map((entry, i) => `
      import imported${i} from '${path.posix.join(manifest.name, entry)}'
      console.log(imported${i} === require('${path.posix.join(manifest.name, entry)}'))`).join('\n')
    const stdout = await runFile('entries.mjs',
      `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)\n${program}`)
    expect(stdout).toBe('true\n'.repeat(entries.length))
  })

  test('worker threads, one of them ended in the midst of it', async () => {
    fs.writeFileSync(path.join(project, 'worker.cjs'), `const Wire = require('${manifest.name}')\n${EXCHANGE}`)
    const stdout = await runFile('threads.cjs', `
      const { Worker } = require('node:worker_threads')
      const { once } = require('node:events')
      const Wire = require('${manifest.name}')
      const wires = Array.from({ length: 10 }, () => new Wire())
      async function main () {
        const busy = new Worker(\`
          const Wire = require('${manifest.name}')
          const wire = new Wire()
          wire.resume()
          require('node:worker_threads').parentPort.postMessage('started')
          for (let i = 0; ; i++) wire.have(i % 1000)\`, { eval: true })
        await once(busy, 'message')
        await busy.terminate()
        const workers = [1, 2, 3].map(() => new Worker('./worker.cjs'))
        await Promise.all(workers.map(worker => once(worker, 'exit')))
        for (const wire of wires) wire.destroy()
        console.log('main thread done')
      }
      main()`)
    expect(stdout).toBe(EXCHANGED.repeat(3) + 'main thread done\n')
  })

  test('jest with require', async () => {
    fs.writeFileSync(path.join(project, 'wire.test.js'), `
      const Wire = require('${manifest.name}')
      test('a handshake', done => {
        const wire = new Wire()
        wire.on('data', bytes => {
          expect(bytes.length).toBe(68)
          wire.destroy()
          wire.on('close', done)
        })
        wire.handshake(Buffer.alloc(20, 1), Buffer.alloc(20, 2))
      })
      test('once more, in a registry of modules of its own', () => {
        jest.isolateModules(() => expect(require('${manifest.name}')).not.toBe(Wire))
      })`)
    const jest = path.join(ROOT, 'node_modules/jest/bin/jest.js')
    await run(process.execPath, [jest, '--rootDir', project, '--config', '{"transform":{}}'], project)
  })

  test.each([
    ['node16', ['consumer.mts', 'consumer.cts'], { module: 'node16', moduleResolution: 'node16' }],
    ['bundler', ['consumer.ts'], { module: 'esnext', moduleResolution: 'bundler' }]
  ])('TypeScript under moduleResolution %s', async (name, files, options) => {
    const entries = Object.keys(manifest.exports).filter(entry => entry !== './package.json')
    const imports = entries.map((entry, i) =>
      `import * as entry${i} from '${path.posix.join(manifest.name, entry)}'\nvoid entry${i}\n`)
    const program = fs.readFileSync(path.join(__dirname, 'support/consumer.ts'), 'utf8') + imports.join('')
    for (const file of files) fs.writeFileSync(path.join(project, file), program)
    const config = path.join(project, `tsconfig.${name}.json`)
    fs.writeFileSync(config, JSON.stringify({
      compilerOptions: {
        ...options,
        target: 'es2022',
        strict: true,
        esModuleInterop: true,
        outDir: `out-${name}`,
        types: ['node'],
        typeRoots: [path.join(ROOT, 'node_modules/@types')]
      },
      files
    }))
    await run(process.execPath, [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', config], project)
    if (name === 'bundler') fs.writeFileSync(path.join(project, 'out-bundler/package.json'), '{"type":"module"}')
    for (const file of files) {
      const compiled = path.join(`out-${name}`, file.replace(/ts$/, 'js'))
      expect(await run(process.execPath, [compiled], project)).toBe(EXCHANGED)
    }
  })

  // Each is a program that ends by itself.
  const examples = readExamples()
  const given = examples.length > 0 ? test : test.skip

  given.each(examples)('example %i of the README', async (index, text) => {
    await runFile(`readme-${index}.${/^import /m.test(text) ? 'mjs' : 'cjs'}`, text)
  })
})

/** @returns {Array<[number, string]>} the README's programs, numbered */
function readExamples () {
  const file = path.join(ROOT, 'README.md')
  if (!fs.existsSync(file)) return []
  return [...fs.readFileSync(file, 'utf8').matchAll(/^```js\n([^]*?)^```$/gm)].map(([, text], i) => [i + 1, text])
}

test('without a binary: the command that the error gives builds one', async () => {
  const bare = makeProject('bare')
  await install(bare, [tarballs.main, ...tarballs.others])
  const load = () => run(process.execPath, ['-e', `console.log(require('${manifest.name}').name)`], bare)

  const error = await load().catch(err => err)
  const [, script] = /\n {2}node (\S+build-from-source\.js)\n/.exec(error.message)
  await run(process.execPath, [script], bare, {
    env: { ...environment(), CARGO_NET_OFFLINE: 'true', CARGO_TARGET_DIR: path.join(ROOT, '.cache/from-source') }
  })
  expect(await load()).toBe('Wire\n')
})
