/** What `import net from 'net'` means in WebTorrent's own modules. */

const NET = new URL('./net.mjs', import.meta.url).href
const WEBTORRENT = /\/node_modules\/webtorrent\/[^?]*$/

export function resolve (specifier, context, nextResolve) {
  const isNet = specifier === 'net' || specifier === 'node:net'
  if (isNet && WEBTORRENT.test(context.parentURL ?? '') && !context.parentURL.includes('/node_modules/webtorrent/node_modules/')) {
    return { url: NET, shortCircuit: true }
  }
  return nextResolve(specifier, context)
}
