'use strict'

/** Tells of each module that it is given by name: the type of what `require` gives, and whether `import` gives the same. */

Promise.all(process.argv.slice(2).map(async name => {
  const required = require(name)
  const imported = (await import(name)).default
  return [typeof required, imported === required]
})).then(told => console.log(JSON.stringify(told)))
