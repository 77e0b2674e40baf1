// Stands where webtorrent looks for ut_pex and hands on the module that the environment names, or
// else the package itself.
const { default: extension } = await import(process.env.UT_PEX_MODULE ?? 'ut_pex-original')

export default extension
