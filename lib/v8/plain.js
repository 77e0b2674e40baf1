'use strict'

/**
 * Makes an empty object like any `{}`, but without the room for four properties that V8 gives to a
 * literal: 24 bytes instead of 56. A wire has several that most often stay empty.
 */
function Plain () {}

Plain.prototype = Object.prototype

module.exports = Plain
