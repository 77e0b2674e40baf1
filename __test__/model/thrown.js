'use strict'

/** What an application's listener throws here. */
class Thrown extends Error {}

/** Every exception of a listener surfaces once; no other does. */
class Exceptions {
  constructor () {
    /** The one that was thrown last, until it surfaces. @type {Thrown | null} */
    this.pending = null
    this.count = 0
  }

  /** One at a time: of two that are thrown within each other, JavaScript itself drops the first. */
  throwOne () {
    if (this.pending !== null) return
    this.count++
    this.pending = new Thrown(`thrown on purpose, number ${this.count}`)
    throw this.pending
  }

  /** @param {{ fail: (message: string) => void }} session */
  surface (error, session) {
    if (error === this.pending) this.pending = null
    else session.fail(error instanceof Thrown ? `surfaced again: ${error.message}` : `uncaught: ${error?.stack ?? error}`)
  }
}

module.exports = { Exceptions, Thrown }
