'use strict'

// Loaded first by a Node.js that an emulator or another loader runs: what it would see on its own
// platform.

const fs = require('node:fs')

// `process.execPath` started alone would not run here.
process.execPath = process.env.NODE_WRAPPER

// The loader that napi-rs generates takes this file for the system's C library, which is another one.
if (!process.report.getReport().header.glibcVersionRuntime) {
  const { readFileSync } = fs
  fs.readFileSync = (file, ...options) => file === '/usr/bin/ldd' ? 'musl libc' : readFileSync(file, ...options)
}
