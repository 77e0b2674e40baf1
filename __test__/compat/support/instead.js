'use strict'

// Preloaded into a process: puts the module WIRE_MODULE in the place of the file ORIGINAL.

const Module = require('node:module')

const { WIRE_MODULE, ORIGINAL } = process.env
const resolve = Module._resolveFilename

Module._resolveFilename = (...args) => {
  const file = resolve(...args)
  return file === ORIGINAL ? WIRE_MODULE : file
}
