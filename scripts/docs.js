'use strict'

// `npm run docs`: the API's reference from the typings, and the engine's from its source, both into
// docs/api. A public name without a description, or a link that leads nowhere, is an error.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const OUT = path.join(ROOT, 'docs/api')

/** All that a user can name, for TypeDoc; not what a name consists of, such as a type's parameters. */
const DOCUMENTED = [
  'Class', 'Enum', 'EnumMember', 'Function', 'Interface', 'Method', 'Property', 'Accessor',
  'TypeAlias', 'Variable', 'Constructor', 'Namespace'
]

/** Overloads that only give the types of the events, and events of any stream: Node.js documents them. */
const METHODS_OF_NODE = ['addListener', 'on', 'once', 'prependListener', 'prependOnceListener', 'off', 'removeListener', 'emit']
const EVENTS_OF_NODE = ['data', 'drain', 'pause', 'readable', 'resume', 'pipe', 'unpipe']

async function main () {
  await typings()
  rust()
  console.log(`The reference is in ${path.relative(process.cwd(), OUT) || '.'}`)
}

async function typings () {
  // TypeDoc is an ECMAScript module.
  const { Application, ReflectionKind, TSConfigReader } = await import('typedoc')
  const { name, exports } = require('../package.json')
  const entryPoints = Object.values(exports).map(({ types }) => types).filter(Boolean)
  const application = await Application.bootstrap({
    name,
    entryPoints: entryPoints.map(file => path.join(ROOT, file)),
    // What these names inherit from Node.js is documented there.
    excludeExternals: true,
    requiredToBeDocumented: DOCUMENTED,
    externalSymbolLinkMappings: { '@types/node': { 'Stream.Writable.end': 'https://nodejs.org/api/stream.html#writableendchunk-encoding-callback' } },
    validation: { notExported: true, invalidLink: true, notDocumented: true },
    treatWarningsAsErrors: true,
    treatValidationWarningsAsErrors: true,
    readme: 'none',
    disableGit: true,
    sourceLinkTemplate: 'https://github.com/bittorrent-protocol-native/bittorrent-protocol-native/blob/main/{path}#L{line}',
    basePath: ROOT,
    tsconfig: path.join(ROOT, 'docs/tsconfig.json'),
    logLevel: 'Warn'
  }, [new TSConfigReader()])
  const project = await application.convert()
  if (project) {
    const isOfNode = ({ name, kind, parent }) => kind === ReflectionKind.CallSignature
      ? METHODS_OF_NODE.includes(name)
      // TypeScript's way to say that a function is a class as well has a `prototype`.
      : (EVENTS_OF_NODE.includes(name) && parent.name === 'Events') || name === 'prototype'
    const names = Object.values(project.reflections)
      .filter(reflection => isOfNode(reflection) && !reflection.hasComment())
      .map(reflection => reflection.getFriendlyFullName())
    application.options.setValue('intentionallyNotDocumented', [...new Set(names)])
    application.validate(project)
  }
  if (!project || application.logger.hasErrors() || application.logger.hasWarnings()) {
    throw new Error('the typings are not documented in full')
  }
  await application.generateDocs(project, path.join(OUT, 'js'))
}

/** The engine alone: its public names are what other Rust code could use. */
function rust () {
  const target = path.join(ROOT, 'target/docs')
  execFileSync('cargo', ['doc', '--quiet', '--locked', '--no-deps', '--no-default-features', '--target-dir', target], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, RUSTDOCFLAGS: '-D warnings -D missing_docs' }
  })
  fs.rmSync(path.join(OUT, 'rust'), { recursive: true, force: true })
  fs.cpSync(path.join(target, 'doc'), path.join(OUT, 'rust'), { recursive: true })
}

main().catch(err => {
  console.error(err.message)
  process.exitCode = 1
})
