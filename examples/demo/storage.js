'use strict'

const fs = require('node:fs/promises')
const path = require('node:path')

const { Failure, cause } = require('./failure')

/** Files that are open at once, at most. */
const MAX_OPEN = 32

/** The files of a torrent on disk, all of them new. */
class Storage {
  /**
   * Makes the folders; fails rather than write over anything.
   *
   * @param {import('./torrent').Torrent} torrent
   * @param {string} folder to put its file or folder in
   * @returns {Promise<Storage>}
   * @throws {Failure}
   */
  static async create (torrent, folder) {
    const storage = new Storage(torrent, folder)
    try {
      await fs.mkdir(folder, { recursive: true })
    } catch (err) {
      throw new Failure(`cannot make the folder ${folder}: ${cause(err)}`)
    }
    try {
      if (torrent.isFolder) await fs.mkdir(storage.target)
      else await (await fs.open(storage.target, 'wx')).close()
    } catch (err) {
      throw new Failure(`cannot download to ${storage.target}: ${cause(err)}`)
    }
    return storage
  }

  constructor (torrent, folder) {
    this.files = torrent.files
    /** The file or folder that everything ends up in. */
    this.target = path.join(folder, torrent.name)
    this.isFolder = torrent.isFolder
    /** Files with an open handle, in the order of their use. */
    this.handles = new Map()
    /** Files that exist. */
    this.created = new Set(this.isFolder ? [] : [this.files[0]])
    /** Bytes that wait to be written. */
    this.pending = 0
    /** The last of the writes, which run one after another. */
    this.tail = Promise.resolve()
  }

  /**
   * @param {number} position in the whole torrent, in bytes
   * @param {Uint8Array[]} blocks unchanged until the write is done
   * @returns {Promise<void>}
   * @throws {Failure}
   */
  write (position, blocks) {
    const length = blocks.reduce((sum, block) => sum + block.length, 0)
    this.pending += length
    this.tail = this.tail.then(async () => {
      await this.writeNow(position, blocks)
      this.pending -= length
    })
    return this.tail
  }

  async writeNow (position, blocks) {
    for (let index = this.fileAt(position); blocks.length > 0; index++) {
      const file = this.files[index]
      const [here, rest] = split(blocks, file.offset + file.length - position)
      if (!file.padding) await this.writeTo(file, position - file.offset, here)
      position = file.offset + file.length
      blocks = rest
    }
  }

  async writeTo (file, position, blocks) {
    if (blocks.length === 0) return
    const handle = await this.open(file)
    try {
      while (blocks.length > 0) {
        const { bytesWritten } = await handle.writev(blocks, position)
        position += bytesWritten
        blocks = split(blocks, bytesWritten)[1]
      }
    } catch (err) {
      throw new Failure(`cannot write ${this.pathOf(file)}: ${cause(err)}`)
    }
  }

  /** @returns {number} the index of the file with the byte at `position` */
  fileAt (position) {
    let low = 0
    let high = this.files.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.files[middle].offset <= position) low = middle
      else high = middle - 1
    }
    return low
  }

  async open (file) {
    let handle = this.handles.get(file)
    if (handle) {
      this.handles.delete(file)
    } else {
      if (this.handles.size >= MAX_OPEN) await this.closeOldest()
      handle = await this.openNow(file)
    }
    this.handles.set(file, handle)
    return handle
  }

  async openNow (file) {
    const place = this.pathOf(file)
    try {
      if (this.created.has(file)) return await fs.open(place, 'r+')
      await fs.mkdir(path.dirname(place), { recursive: true })
      const handle = await fs.open(place, 'wx')
      this.created.add(file)
      return handle
    } catch (err) {
      throw new Failure(`cannot write ${place}: ${cause(err)}`)
    }
  }

  async closeOldest () {
    const [file, handle] = this.handles.entries().next().value
    this.handles.delete(file)
    await handle.close()
  }

  pathOf (file) {
    return this.isFolder ? path.join(this.target, ...file.path) : this.target
  }

  /** Waits for the writes, and makes the files that have no bytes. */
  async finish () {
    await this.tail
    for (const file of this.files) {
      if (file.length === 0 && !file.padding) await this.open(file)
    }
    while (this.handles.size > 0) await this.closeOldest()
  }

  /** Removes everything again. */
  async remove () {
    await this.tail.catch(() => {})
    while (this.handles.size > 0) await this.closeOldest()
    await fs.rm(this.target, { recursive: true, force: true })
  }
}

/** @returns {[Uint8Array[], Uint8Array[]]} the first `length` bytes of some blocks, and the rest */
function split (blocks, length) {
  for (let index = 0; index < blocks.length; index++) {
    const block = blocks[index]
    if (length < block.length) {
      return [
        length > 0 ? [...blocks.slice(0, index), block.subarray(0, length)] : blocks.slice(0, index),
        [block.subarray(length), ...blocks.slice(index + 1)]
      ]
    }
    length -= block.length
  }
  return [blocks, []]
}

module.exports = { Storage }
