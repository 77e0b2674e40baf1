'use strict'

// The child process of `child.js`: runs one attack on one class and sends what it resolves to. What
// follows a space in the name of an attack is given to it.

const { loadOurs, loadUpstream } = require('../../helpers/wire')
const attacks = require('./attacks')

async function main ([which, attack]) {
  const Wire = await (which === 'upstream' ? loadUpstream() : loadOurs())
  if (which === 'upstream') attacks.wires = 2
  const [name, ...args] = attack.split(' ')
  const result = await attacks[name](Wire, ...args)
  process.send({ ...result }, () => process.disconnect())
}

main(process.argv.slice(2))
