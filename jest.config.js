'use strict'

module.exports = {
  testEnvironment: '<rootDir>/__test__/helpers/environment.js',
  testMatch: ['<rootDir>/__test__/**/*.test.js'],
  // The folder in which webtorrent is installed holds packages with names of their own.
  modulePathIgnorePatterns: ['<rootDir>/.cache/', '<rootDir>/__test__/world/webtorrent/'],
  // Everything here is CommonJS as Node.js runs it; nothing to transform.
  transform: {}
}
