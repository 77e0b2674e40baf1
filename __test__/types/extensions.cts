/** The types of the extensions, with `require`; esm.mts imports one. */

import Wire = require('../../index.js')
import ltDonthave = require('../../extensions/lt_donthave.js')
import utHolepunch = require('../../extensions/ut_holepunch.js')
import utMetadata = require('../../extensions/ut_metadata.js')
import utPex = require('../../extensions/ut_pex.js')

const wire = new Wire()
wire.use(utMetadata())
wire.use(utMetadata(Buffer.alloc(5)))
wire.use(utMetadata.default(null))
wire.use(utPex())
wire.use(ltDonthave())
wire.use(utHolepunch())
// @ts-expect-error a torrent file is bytes
utMetadata('file.torrent')
// @ts-expect-error the class goes to `use`, not what makes it
wire.use(utPex)

// On the wire by their names, where `use` was called.
const metadata: utMetadata.UtMetadata | undefined = wire.ut_metadata
metadata?.on('metadata', torrentFile => torrentFile.subarray(1))
metadata?.on('warning', error => error.message)
metadata?.fetch()
metadata?.cancel()
const isSet: Promise<boolean> | undefined = metadata?.setMetadata(Buffer.alloc(5))
const bytes: Uint8Array | null | undefined = metadata?.metadata
// @ts-expect-error there is no such event
metadata?.on('done', () => {})

wire.ut_pex?.on('peer', (address, { isSender, supportsUtHolepunch }) => [address.length, isSender, supportsUtHolepunch])
wire.ut_pex?.on('dropped', address => address.length)
wire.ut_pex?.addPeer('10.0.0.1:6881', { isSender: true })
wire.ut_pex?.dropPeer6('[::1]:6881')
wire.ut_pex?.start()
// @ts-expect-error an address is a text
wire.ut_pex?.addPeer(1)

wire.lt_donthave?.on('donthave', index => wire.lt_donthave?.donthave(index + 1))

wire.ut_holepunch?.on('rendezvous', target => wire.ut_holepunch?.fail(target, utHolepunch.ERRORS.NO_SUPPORT))
wire.ut_holepunch?.on('failed', (target, code) => [target.length, code.toFixed()])
const isSent: boolean | undefined = wire.ut_holepunch?.rendezvous('10.0.0.1:6881')
const relay = new utHolepunch.Relay({ own: ['10.0.0.1:6881'] })
relay.add(wire, '10.0.0.2:6881')

void [isSet, bytes, isSent]
