'use strict'

module.exports = {
  testEnvironment: '<rootDir>/__test__/helpers/environment.js',
  testMatch: ['<rootDir>/__test__/**/*.test.js'],
  // The folders from which packages are installed hold packages with names of their own.
  modulePathIgnorePatterns: ['<rootDir>/.cache/', '<rootDir>/__test__/world/webtorrent/', '<rootDir>/__test__/compat/callers/', '<rootDir>/__test__/extensions/own-tests/'],
  // No test is timed: this ends what hangs, however busy the machine.
  testTimeout: 60_000,
  // Everything here is CommonJS as Node.js runs it; nothing to transform.
  transform: {}
}
