// Stands where the tests look for bittorrent-protocol, and hands on the module that the environment
// names.
const { default: Wire } = await import(process.env.WIRE_MODULE)

export default Wire
