// Stands where webtorrent looks for ut_metadata and hands on the module that the environment names, or
// else the package itself.
const { default: extension } = await import(process.env.UT_METADATA_MODULE ?? 'ut_metadata-original')

export default extension
