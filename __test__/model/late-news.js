'use strict'

const { Connection } = require('../../lib/net/connection')

/** So many turns of the event loop late at most. */
const MOST_TURNS = 20

/**
 * Has connections of the native transport tell some of their news late, as on a busy machine: what
 * happens to both ends of one is told in any order then.
 */
class LateNews {
  constructor () {
    /** @type {import('../helpers/random').Random | null} */
    this.random = null
    /** What is still to be told, by connection. */
    this.kept = new Map()
    const late = this
    const { onNews } = Connection.prototype
    Connection.prototype.onNews = function (...news) {
      late.take(this, news, (...news) => { if (this.handle !== null) onNews.apply(this, news) })
    }
  }

  /** @param {import('../helpers/random').Random | null} random of a session; nothing is late without */
  begin (random) {
    this.random = random
  }

  take (connection, [events, available], tell) {
    const kept = this.kept.get(connection)
    if (kept !== undefined) {
      kept.events |= events
      kept.available = available
    } else if (this.random === null || this.random.below(2) === 0) {
      tell(events, available)
    } else {
      this.kept.set(connection, { events, available })
      this.wait(this.random.below(MOST_TURNS), () => {
        const { events, available } = this.kept.get(connection)
        this.kept.delete(connection)
        tell(events, available)
      })
    }
  }

  wait (turns, action) {
    setImmediate(() => turns > 0 ? this.wait(turns - 1, action) : action())
  }
}

module.exports = { LateNews }
