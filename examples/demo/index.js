'use strict'

// A file moves between two peers, each a process of its own, over TCP. See USAGE in arguments.js.

const { randomFillSync } = require('node:crypto')
const fs = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')

const { parseArguments, USAGE } = require('./arguments')
const { Failure, cause, printable } = require('./failure')
const { size, table } = require('./figures')
const { Side } = require('./processes')
const { Progress } = require('./progress')
const { createTorrent, readTorrent } = require('./torrent')

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * The whole program: prints what happens, sets the exit status.
 *
 * @param {string[]} argv what the user typed after the script's name
 * @param {object} [options]
 * @param {() => Promise<void>} [options.prepare] is run once the arguments are known to be good
 */
async function main (argv, { prepare = async () => {} } = {}) {
  try {
    const args = parseArguments(argv)
    if (args.help) return console.log(USAGE)
    const checked = await check(args)
    await prepare()
    await new Demo(checked).run()
  } catch (err) {
    console.error(`demo: ${err instanceof Failure ? printable(err.message) : err.message}`)
    process.exitCode = 1
  }
}

/** Finds what can be wrong with a path before anything takes time. */
async function check (args) {
  const { file, torrent } = args
  if (file === null && torrent === null) return { ...args, length: args.size }
  const stat = await fs.stat(file ?? torrent).catch((err) => {
    throw new Failure(`cannot read ${file ?? torrent}: ${cause(err)}`)
  })
  if (!stat.isFile()) throw new Failure(`${file ?? torrent} is ${stat.isDirectory() ? 'a folder' : 'no regular file'}, not a file`)
  if (stat.size === 0) throw new Failure(`${file ?? torrent} is empty`)
  return { ...args, length: stat.size }
}

/** One run of the program: what it starts and makes, it stops and removes. */
class Demo {
  constructor (args) {
    this.args = args
    /** Processes, in the order of their start. */
    this.sides = []
    /** A temporary folder. */
    this.folder = null
    this.progress = null
    this.isInterrupted = false
  }

  async run () {
    const interrupt = () => {
      this.isInterrupted = true
      for (const side of this.sides) side.stop()
    }
    for (const signal of SIGNALS) process.on(signal, interrupt)
    try {
      if (this.args.torrent) await this.download()
      else await this.transfer()
    } catch (err) {
      this.progress?.clear()
      throw this.isInterrupted ? new Failure('interrupted') : err
    } finally {
      await Promise.all(this.sides.map((side) => side.stop()))
      if (this.folder) await fs.rm(this.folder, { recursive: true, force: true })
      for (const signal of SIGNALS) process.off(signal, interrupt)
    }
  }

  /** A file of this machine, from a seeder to a leecher. */
  async transfer () {
    const { file: given, length, out, timeout, native } = this.args
    this.folder = await fs.mkdtemp(path.join(os.tmpdir(), 'bittorrent-demo-'))
    const file = given ?? await this.makeFile(length)
    const torrentFile = await this.makeTorrent(file, length)

    const seeder = new Side('seeder', { file, torrentFile, native })
    this.sides.push(seeder)
    const { listening: port } = await seeder.news()
    console.log(`Seeder   process ${seeder.pid} on 127.0.0.1:${port} serves ${printable(file)}, ${size(length)}`)

    const received = out ?? path.join(this.folder, 'received')
    const leecher = this.startLeecher({ torrentFile, host: '127.0.0.1', port, out: received, timeout, native }, length)
    console.log(`Leecher  process ${leecher.pid}`)

    const [theirs, ours] = await Promise.all([seeder.done, leecher.done])
    this.conclude({ seeder: theirs, leecher: ours })
    if (out) console.log(`\nWritten to ${printable(path.join(out, path.basename(file)))}`)
  }

  /** A torrent, from any client. */
  async download () {
    const { torrent: torrentFile, peer, out, timeout, native } = this.args
    const { decode } = await require('./protocol').load()
    const torrent = await readTorrent(torrentFile, decode)
    const { name, length, pieceCount, infoHash } = torrent
    console.log(`Downloading ${printable(name)}, ${size(length)} in ${pieceCount} pieces, info hash ${infoHash}`)

    const leecher = this.startLeecher({ torrentFile, ...peer, out, timeout, native }, length)
    this.conclude({ leecher: await leecher.done })
    console.log(`\nWritten to ${printable(path.join(out, name))}`)
  }

  startLeecher (options, length) {
    this.progress = new Progress('Transfer', length)
    const leecher = new Side('leecher', options, ({ progress }) => this.progress.update(progress))
    this.sides.push(leecher)
    return leecher
  }

  conclude (sides) {
    this.progress.end()
    console.log(`Every piece arrived and matches its SHA-1, in ${sides.leecher.seconds.toFixed(2)} s\n`)
    console.log(table(sides))
  }

  async makeFile (length) {
    const file = path.join(this.folder, 'random.bin')
    const chunk = Buffer.allocUnsafe(1 << 20)
    const progress = this.progress = new Progress('Making a file of random bytes', length)
    const handle = await fs.open(file, 'w')
    try {
      for (let written = 0; written < length; written += chunk.length) {
        this.checkpoint()
        await handle.writeFile(randomFillSync(chunk))
        progress.update(written + chunk.length)
      }
    } catch (err) {
      throw err instanceof Failure ? err : new Failure(`cannot write ${file}: ${cause(err)}`)
    } finally {
      await handle.close()
    }
    progress.end()
    return file
  }

  async makeTorrent (file, length) {
    const progress = this.progress = new Progress('Hashing', length)
    const torrentFile = path.join(this.folder, 'demo.torrent')
    try {
      const bytes = await createTorrent(file, length, (hashed) => {
        this.checkpoint()
        progress.update(hashed)
      })
      await fs.writeFile(torrentFile, bytes)
    } catch (err) {
      throw err instanceof Failure ? err : new Failure(`cannot read ${file}: ${cause(err)}`)
    }
    progress.end()
    return torrentFile
  }

  checkpoint () {
    if (this.isInterrupted) throw new Failure('interrupted')
  }
}

module.exports = { main }

if (require.main === module) main(process.argv.slice(2))
