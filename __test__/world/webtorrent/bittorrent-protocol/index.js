// Stands where webtorrent looks for bittorrent-protocol and hands on the module that the
// environment names, so that one installation runs with this repository's wire as it is now or
// with upstream's.
const { default: Wire } = await import(process.env.WIRE_MODULE)

export default Wire
