/**
 * Puts an unmodified WebTorrent on the native transport:
 *
 *     node --import ./native-net.mjs program.mjs
 *
 * Its TCP connections are those of `bittorrent-protocol-native/net` then; nothing else of the process
 * is changed. Needs Node.js 18.19, 20.6 or newer.
 */

import { register } from 'node:module'

register('./hooks.mjs', import.meta.url)
