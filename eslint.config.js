'use strict'

const neostandard = require('neostandard')

module.exports = [
  ...neostandard({
    env: ['node'],
    ts: true,
    ignores: ['binding.js', 'binding.d.ts', '.cache/', 'target/', 'fuzz/target/', 'docs/api/', 'npm/']
  }),
  {
    files: ['__test__/**/*.js'],
    languageOptions: {
      globals: {
        afterAll: 'readonly',
        afterEach: 'readonly',
        beforeAll: 'readonly',
        beforeEach: 'readonly',
        describe: 'readonly',
        expect: 'readonly',
        jest: 'readonly',
        test: 'readonly',
        // helpers/environment.js
        importOutside: 'readonly'
      }
    }
  },
  {
    // Node.js reads a file that ends in .js as CommonJS here: say so, that `strict` can hold.
    files: ['**/*.js'],
    languageOptions: { sourceType: 'commonjs' },
    rules: { strict: ['error', 'global'] }
  },
  {
    // A value and the namespace of its types share a name.
    files: ['**/*.d.ts'],
    rules: { '@typescript-eslint/no-redeclare': 'off' }
  },
  {
    // These stand in for packages that are ECMAScript modules.
    files: ['__test__/world/webtorrent/*/*.js', '__test__/extensions/own-tests/*/*.js'],
    languageOptions: { sourceType: 'module' },
    rules: { strict: 'off' }
  }
]
