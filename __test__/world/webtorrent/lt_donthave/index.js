// Stands where webtorrent looks for lt_donthave and hands on the module that the environment names, or
// else the package itself.
const { default: extension } = await import(process.env.LT_DONTHAVE_MODULE ?? 'lt_donthave-original')

export default extension
