'use strict'

const [MAJOR] = process.versions.node.split('.').map(Number)

/**
 * What holds for the Node.js that runs: streams and garbage collection are not the same in all.
 * @template T
 * @param {T} node20
 * @param {T} node24 and later
 * @returns {T}
 */
const byNode = (node20, node24) => MAJOR >= 24 ? node24 : node20

module.exports = byNode
