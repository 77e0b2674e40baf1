'use strict'

/** The ways in which applications make wires: plain, of a class of their own, or behind something. */

const OVERRIDABLE = ['_write', '_read', 'push', 'write', 'emit', 'pipe']

/** What the methods of a subclass have seen pass. */
class Seen {
  /** @param {string[]} names of the methods that are overridden */
  constructor (names) {
    this.names = names
    this.bytes = { _write: 0, push: 0, write: 0 }
    /** Events by name. */
    this.events = {}
  }

  note (method, [first]) {
    if (method === 'emit') this.events[first] = (this.events[first] ?? 0) + 1
    else if (first?.length > 0) this.bytes[method] += first.length
  }

  /**
   * All that passes has been seen.
   * @param {number} taken how many bytes the wire has got
   * @param {number} sent how many it has sent
   * @param {Object<string, number>} events how often those were emitted that somebody listens to
   * @returns {string | null} what was not
   */
  missing (taken, sent, events) {
    const bytes = { _write: taken, write: taken, push: sent }
    for (const method of this.names) {
      const actual = this.bytes[method]
      if (method in bytes && actual !== bytes[method]) return `${method} has seen ${actual} bytes, not ${bytes[method]}`
    }
    if (!this.names.includes('emit')) return null
    const name = Object.keys(events).find(name => this.events[name] !== events[name])
    return name === undefined ? null : `emit has seen ${name} ${this.events[name]} times, not ${events[name]}`
  }
}

/**
 * @param {import('./session').Session} session
 * @param {any[]} args of the constructor
 * @returns {{ face: object, voice: object, seen: Seen }} what is used for everything, and to send
 */
function makeWire (session, args) {
  const { Wire, random } = session
  const seen = new Seen(session.has('subclasses', 3) ? OVERRIDABLE.filter(() => random.below(2) === 0) : [])
  return dress(session, new (seen.names.length === 0 ? Wire : overriding(Wire, seen))(...args), seen)
}

/** Puts a wire behind something, or not. */
function dress (session, wire, seen = new Seen([])) {
  const face = session.has('proxies', 5) ? new Proxy(wire, {}) : wire
  const voice = session.has('proxies', 8) ? Object.create(face) : face
  return { face, voice, seen }
}

/** A class that hands everything on, and notes it. */
function overriding (Wire, seen) {
  class Overriding extends Wire {}
  for (const name of seen.names) {
    Overriding.prototype[name] = function (...args) {
      seen.note(name, args)
      return Wire.prototype[name].apply(this, args)
    }
  }
  return Overriding
}

module.exports = { makeWire, dress }
