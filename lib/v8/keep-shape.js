'use strict'

const { Buffer } = require('node:buffer')
const { isDebugging } = require('../debug.js')

/** @type {object[]} */
const kept = []

let atWork = false

function noop () {}

/**
 * Keeps one instance of a class of wires alive.
 *
 * V8 lays out a class by those of its first instances that a garbage collection leaves. Where it
 * leaves none, later ones become dictionaries, at half the speed and four times the size, and what
 * was compiled for them is thrown away. The one kept has done what gives a stream the last of its
 * properties, and has what other wires get with their first request.
 * @param {Function} Class
 * @param {(wire: object) => void} finish brings it to its end
 * @param {unknown[]} args of the constructor
 */
function keepShape (Class, finish, ...args) {
  // What it tells of itself while loading is nobody's interest.
  if (isDebugging()) return
  atWork = true
  const wire = new Class(...args)
  wire.on('data', noop)
  wire.write(Buffer.alloc(0))
  finish(wire)
  atWork = false
  kept.push(wire)
}

/** Whether the wire that is made now is such a one. */
keepShape.isAtWork = () => atWork

module.exports = keepShape
