'use strict'

/**
 * Every recipe of docs/migrating.md, as it stands there, in a project of its own. The package comes
 * from a registry on this machine, as if it were published; all others from where npm gets them.
 */

const { spawn } = require('node:child_process')
const { randomBytes } = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { createInterface } = require('node:readline')

const { platformName } = require('../../lib/platform.js')
const { Registry } = require('./support/registry')
const { pack, run, environment, ROOT } = require('./support/tarballs')

const MINUTES = 60_000

// What npm, cargo and compilers take on a busy machine.
jest.setTimeout(10 * MINUTES)
const WEBTORRENT = path.join(__dirname, '../world/webtorrent')
const DATA = randomBytes(700_000)
const PNPM = 'pnpm@10.34.9'
const YARN_1 = 'yarn@1.22.22'
const YARN_4 = '@yarnpkg/cli-dist@4.18.1'

/** The page's blocks of code that have a name, by it. */
const RECIPES = Object.fromEntries(
  [...fs.readFileSync(path.join(ROOT, 'docs/migrating.md'), 'utf8').matchAll(/^```\w+ (\S+)\n([^]*?)^```$/gm)]
    .map(([, name, text]) => [name, text]))

function recipe (name) {
  if (!(name in RECIPES)) throw new Error(`docs/migrating.md has no ${name}`)
  return RECIPES[name]
}

let folder, registry, seeder

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'migrating-test-'))
  const { main, platforms } = await pack(folder)
  registry = await Registry.listen([main, ...platforms])
  seeder = await seed()
})

afterAll(async () => {
  seeder?.child.kill()
  registry?.close()
  // A package manager may still be tidying its cache.
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

test('every recipe of the page is run here', () => {
  const source = fs.readFileSync(__filename, 'utf8')
  expect(Object.keys(RECIPES).filter(name => !source.includes(`'${name}'`))).toEqual([])
})

/** Serves DATA with the example, for the clients. */
async function seed () {
  const file = path.join(folder, 'data.bin')
  fs.writeFileSync(file, DATA)
  const child = spawn(process.execPath, [path.join(ROOT, 'examples/seed.js'), file])
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('magnet:')) return { child, magnet: line }
  }
  throw new Error('the seeder ended')
}

/** Makes a project out of its package.json and other files. */
function makeProject (name, manifest, files = {}) {
  const place = path.join(folder, name)
  const all = { 'package.json': JSON.stringify({ name, version: '1.0.0', private: true, ...manifest }, null, 2), ...files }
  for (const [file, text] of Object.entries(all)) {
    fs.mkdirSync(path.dirname(path.join(place, file)), { recursive: true })
    fs.writeFileSync(path.join(place, file), text)
  }
  return place
}

/** Puts the objects of several package.json files into one. */
function merge (...manifests) {
  const merged = {}
  for (const manifest of manifests) {
    for (const [key, value] of Object.entries(manifest)) merged[key] = { ...merged[key], ...value }
  }
  return merged
}

const fromRegistry = () => ({ env: { ...environment(), npm_config_registry: registry.url } })

function installWithNpm (project) {
  return run('npm', ['install', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'], project,
    { ...fromRegistry(), shell: process.platform === 'win32' })
}

/** Runs another package manager, through npm. */
function npx (packageName, args, project, env = {}) {
  const options = { env: { ...fromRegistry().env, ...env }, shell: process.platform === 'win32' }
  return run('npx', ['--yes', '--loglevel=error', ...packageName, ...args], project, options)
}

function node (project, file, ...args) {
  return run(process.execPath, [file, ...args], project)
}

/** What a program does with `Protocol`: a handshake, as bytes. It is Node's own stream if it is ours. */
const HANDSHAKE = `
import { Duplex } from 'node:stream'
const wire = new Protocol('tcpOutgoing')
wire.once('data', bytes => {
  console.log(wire instanceof Duplex ? 'native' : 'streamx', bytes.length)
  wire.destroy()
})
wire.handshake(Buffer.alloc(20, 1), Buffer.alloc(20, 2))
`
const NATIVE = 'native 68\n'

/** A package that depends on bittorrent-protocol, as webtorrent does. */
const LIBRARY = {
  'library/package.json': JSON.stringify({
    name: 'library', version: '1.0.0', type: 'module', exports: './index.js', dependencies: { 'bittorrent-protocol': '^5.0.9' }
  }),
  'library/index.js': `import Protocol from 'bittorrent-protocol'\n${HANDSHAKE}`
}
const OTHERS_APP = { 'app.mjs': "import 'library'\n" }

describe('bittorrent-protocol 5', () => {
  test('code of one\'s own: the import', async () => {
    const project = makeProject('own-5', { dependencies: { 'bittorrent-protocol-native': '^0.1.0' } }, {
      'app.mjs': recipe('own-5') + HANDSHAKE
    })
    await installWithNpm(project)
    expect(await node(project, 'app.mjs')).toBe(NATIVE)
    // Of the packages of all platforms, this one's.
    expect(fs.readdirSync(path.join(project, 'node_modules')).filter(name => name.startsWith('bittorrent-protocol-native-')))
      .toEqual([`bittorrent-protocol-native-${platformName()}`])
  })

  test('code of one\'s own: an alias', async () => {
    const project = makeProject('alias-5', JSON.parse(recipe('alias-5')), {
      'app.mjs': `import Protocol from 'bittorrent-protocol'\n${HANDSHAKE}`
    })
    await installWithNpm(project)
    expect(await node(project, 'app.mjs')).toBe(NATIVE)
  })

  test('webtorrent with npm downloads a file', async () => {
    const project = makeWebtorrent('webtorrent', recipe('npm'), recipe('check'))
    await installWithNpm(project)
    expect(await node(project, 'app.mjs', seeder.magnet)).toBe('native\n')
    expect(fs.readFileSync(path.join(project, 'downloads/data.bin')).equals(DATA)).toBe(true)
  })

  test('webtorrent with npm downloads a file, by our extensions', async () => {
    const check = ['ut_metadata', 'ut_pex', 'lt_donthave'].map(name => `
      import ${name} from 'bittorrent-protocol-native/${name}'
      torrent.on('wire', wire => console.log(wire.${name} instanceof Object.getPrototypeOf(${name}())))`)
    const project = makeWebtorrent('extensions', recipe('extensions'), check.join(''))
    for (const [name, version] of [['ut_metadata', '5.0.1'], ['ut_pex', '5.0.2'], ['lt_donthave', '2.0.7']]) {
      const shim = path.join(project, 'shims', name)
      fs.mkdirSync(shim, { recursive: true })
      fs.writeFileSync(path.join(shim, 'package.json'), JSON.stringify({ ...JSON.parse(recipe('extension-package')), name, version }))
      fs.writeFileSync(path.join(shim, 'index.js'), recipe('extension-index').replace('ut_metadata', name))
    }
    await installWithNpm(project)
    expect(await node(project, 'app.mjs', seeder.magnet)).toBe('true\n'.repeat(3))
    expect(fs.readFileSync(path.join(project, 'downloads/data.bin')).equals(DATA)).toBe(true)
  })

  /** An application that downloads what a magnet link names, and runs `check` with its torrent. */
  function makeWebtorrent (name, manifest, check) {
    // Its WebRTC needs a binary that npm does not install here, and that plain TCP does not need.
    const project = makeProject(name, merge(JSON.parse(manifest), {
      dependencies: { webtorrent: '3.0.21', 'webrtc-polyfill': 'file:./webrtc-polyfill' },
      overrides: { 'webrtc-polyfill': '$webrtc-polyfill' }
    }), {
      // webtorrent listens on all addresses and has no option for it.
      'loopback.mjs': `
        import net from 'node:net'
        const { listen } = net.Server.prototype
        net.Server.prototype.listen = function (port, callback) { return listen.call(this, { port, host: '127.0.0.1' }, callback) }`,
      'app.mjs': `
        import './loopback.mjs'
        import WebTorrent from 'webtorrent'
        const client = new WebTorrent({ dht: false, lsd: false, natPmp: false, natUpnp: false, tracker: false, utp: false, webSeeds: false })
        const torrent = client.add(process.argv[2], { path: 'downloads' })
        torrent.once('done', () => client.destroy())
        ${check}`
    })
    fs.cpSync(path.join(WEBTORRENT, 'webrtc-polyfill'), path.join(project, 'webrtc-polyfill'), { recursive: true })
    return project
  }

  const dependencies = { library: 'file:./library' }

  test('a package that depends on it, with npm', async () => {
    const project = makeProject('npm', merge({ dependencies }, JSON.parse(recipe('npm'))), { ...LIBRARY, ...OTHERS_APP })
    await installWithNpm(project)
    expect(await node(project, 'app.mjs')).toBe(NATIVE)
  })

  test('with pnpm', async () => {
    const project = makeProject('pnpm', { dependencies }, {
      ...LIBRARY, ...OTHERS_APP, 'pnpm-workspace.yaml': recipe('pnpm')
    })
    const folders = { npm_config_store_dir: path.join(folder, 'pnpm-store'), npm_config_cache_dir: path.join(folder, 'pnpm-cache') }
    await npx([PNPM], ['install', '--ignore-scripts'], project, folders)
    expect(await node(project, 'app.mjs')).toBe(NATIVE)
  })

  test('with yarn 1', async () => {
    const project = makeProject('yarn-1', merge({ dependencies }, JSON.parse(recipe('yarn'))), { ...LIBRARY, ...OTHERS_APP })
    const args = ['install', '--ignore-scripts', '--non-interactive', '--registry', registry.url, '--cache-folder', path.join(folder, 'yarn-cache')]
    await npx([YARN_1], args, project)
    expect(await node(project, 'app.mjs')).toBe(NATIVE)
  })

  test('with yarn 4', async () => {
    const project = makeProject('yarn-4', merge({ dependencies }, JSON.parse(recipe('yarn'))), {
      ...LIBRARY,
      ...OTHERS_APP,
      'yarn.lock': '',
      '.yarnrc.yml': [
        'nodeLinker: node-modules', 'enableGlobalCache: false', 'enableTelemetry: false', 'enableScripts: false',
        `globalFolder: ${path.join(folder, 'yarn-4-global')}`, `npmRegistryServer: ${registry.url}`, 'unsafeHttpWhitelist: [127.0.0.1]'
      ].join('\n')
    })
    await npx(['--package', YARN_4, '--', 'yarn'], ['install', '--no-immutable'], project)
    expect(await node(project, 'app.mjs')).toBe(NATIVE)
  })
})

describe('a bundler', () => {
  const APP = { 'app.mjs': `import Protocol from 'bittorrent-protocol'\n${HANDSHAKE}` }
  const dependencies = { 'bittorrent-protocol': '^5.0.9', 'bittorrent-protocol-native': '^0.1.0' }

  test('esbuild', async () => {
    const project = makeProject('esbuild', { dependencies: { ...dependencies, esbuild: '0.28.2' } }, {
      ...APP, 'build.mjs': `import esbuild from 'esbuild'\n${recipe('esbuild')}`
    })
    await installWithNpm(project)
    await node(project, 'build.mjs')
    expect(await node(project, 'bundle.mjs')).toBe(NATIVE)
  })

  test('webpack', async () => {
    const project = makeProject('webpack', { dependencies: { ...dependencies, webpack: '5.112.2' } }, {
      ...APP,
      'webpack.config.mjs': recipe('webpack'),
      'build.mjs': `
        import webpack from 'webpack'
        import config from './webpack.config.mjs'
        webpack(config, (err, stats) => {
          if (err || stats.hasErrors()) throw err ?? new Error(stats.toString())
        })`
    })
    await installWithNpm(project)
    await node(project, 'build.mjs')
    expect(await node(project, 'bundle.cjs')).toBe(NATIVE)
  })
})

describe('the relatives, in code of one\'s own', () => {
  let project

  beforeAll(async () => {
    project = makeProject('relatives', { dependencies: { 'bittorrent-protocol-native': '^0.1.0' } })
    await installWithNpm(project)
  })

  test.each([
    ['own-3', "const wire = new Protocol('tcpOutgoing', 0, false)", 'handshake(Buffer.alloc(20, 1), Buffer.alloc(20, 2))'],
    ['own-peer-wire-protocol', 'const wire = protocol()', 'handshake(Buffer.alloc(20, 1), Buffer.alloc(20, 2))'],
    ['own-bittorrent-wire', "const wire = new Wire('01'.repeat(20), '-XX0001-000000000002')", 'sendHandshake()']
  ])('%s', async (name, make, send) => {
    fs.writeFileSync(path.join(project, `${name}.cjs`), `${recipe(name)}
      ${make}
      wire.once('data', bytes => {
        console.log(bytes.toString('latin1', 1, 20), wire instanceof require('node:stream').Duplex)
        wire.destroy()
      })
      wire.${send}`)
    expect(await node(project, `${name}.cjs`)).toBe('BitTorrent protocol true\n')
  })
})

test('torrent-stream downloads a file', async () => {
  const project = makeProject('torrent-stream', JSON.parse(recipe('torrent-stream')), {
    'shims/peer-wire-protocol/package.json': recipe('shim-package'),
    'shims/peer-wire-protocol/index.js': recipe('shim-index'),
    'app.cjs': `
      const torrentStream = require('torrent-stream')
      const Wire = require('bittorrent-protocol-native/peer-wire-protocol')
      const [magnet, peer] = process.argv.slice(2)
      const engine = torrentStream(magnet, { dht: false, tracker: false, path: 'downloads', tmp: process.cwd() })
      engine.connect(peer)
      engine.on('ready', () => engine.files.forEach(file => file.select()))
      engine.once('idle', () => {
        console.log(engine.swarm.wires.map(wire => wire instanceof Wire))
        engine.destroy(() => process.exit())
      })`
  })
  await installWithNpm(project)
  const peer = new URLSearchParams(seeder.magnet.slice('magnet:?'.length)).get('x.pe')
  expect(await node(project, 'app.cjs', seeder.magnet, peer)).toBe('[ true ]\n')
  expect(fs.readFileSync(path.join(project, 'downloads/data.bin')).equals(DATA)).toBe(true)
})

test('webtorrent gets our uTP for utp-native', async () => {
  const manifest = merge(JSON.parse(recipe('utp-native')), {
    dependencies: { 'webrtc-polyfill': 'file:./webrtc-polyfill' },
    overrides: { 'webrtc-polyfill': '$webrtc-polyfill' }
  })
  const project = makeProject('utp-native', manifest, {
    'shims/utp-native/package.json': recipe('shim-utp-package'),
    'shims/utp-native/index.js': recipe('shim-utp-index'),
    'own.cjs': `${recipe('own-utp-native')}
      const server = utp.createServer(connection => connection.pipe(connection))
      server.listen(0, '127.0.0.1', () => {
        const connection = utp.connect(server.address().port)
        connection.end('echo')
        connection.on('data', bytes => console.log(String(bytes)))
        connection.on('close', () => server.close())
      })`,
    'app.mjs': `
      import { createRequire } from 'node:module'
      import WebTorrent from 'webtorrent'
      const require = createRequire(createRequire(import.meta.url).resolve('webtorrent'))
      console.log(WebTorrent.UTP_SUPPORT, require('utp-native') === require('bittorrent-protocol-native/utp'))
      process.exit()`
  })
  fs.cpSync(path.join(WEBTORRENT, 'webrtc-polyfill'), path.join(project, 'webrtc-polyfill'), { recursive: true })
  await installWithNpm(project)
  expect(await node(project, 'own.cjs')).toBe('echo\n')
  expect(await node(project, 'app.mjs')).toBe('true true\n')
})
