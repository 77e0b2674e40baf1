'use strict'

const { nextTick } = process

/**
 * Has what a listener has thrown surface by itself: it is the application's to see, and keeps nothing
 * else from happening.
 */
function surface (error) {
  nextTick(() => { throw error })
}

/** Does something of which nothing that a listener throws comes back; tells whether it went to its end. */
function attempt (action) {
  try {
    action()
    return true
  } catch (error) {
    surface(error)
    return false
  }
}

module.exports = { attempt, surface }
