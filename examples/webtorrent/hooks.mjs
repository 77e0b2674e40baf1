/** What some imports mean in WebTorrent's own modules. */

const NET = new URL('./net.mjs', import.meta.url).href
const STREAMX = new URL('./streamx.mjs', import.meta.url).href
const WEBTORRENT = /\/node_modules\/webtorrent\/(?:index|lib\/[\w-]+)\.js$/

export function resolve (specifier, context, nextResolve) {
  const { parentURL = '' } = context
  if (WEBTORRENT.test(parentURL)) {
    if (specifier === 'net' || specifier === 'node:net') return { url: NET, shortCircuit: true }
    if (specifier === 'streamx' && parentURL.endsWith('/peer.js')) {
      return { url: `${STREAMX}?for=${encodeURIComponent(parentURL)}`, shortCircuit: true }
    }
  }
  if (specifier === 'streamx' && parentURL.startsWith(`${STREAMX}?`)) {
    return nextResolve(specifier, { ...context, parentURL: new URL(parentURL).searchParams.get('for') })
  }
  return nextResolve(specifier, context)
}
