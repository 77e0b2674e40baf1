/** Puts the module that UTP_MODULE names in the place of utp-native. To be imported before webtorrent. */

import { createRequire } from 'node:module'

const { UTP_MODULE, WEBTORRENT } = process.env
if (UTP_MODULE) {
  const require = createRequire(WEBTORRENT)
  require(UTP_MODULE)
  require.cache[require.resolve('utp-native')] = require.cache[require.resolve(UTP_MODULE)]
}
