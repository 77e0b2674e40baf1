'use strict'

/**
 * The transport in Rust, opened with the first connection of this thread, and the only module that
 * touches the memory which it shares with Rust. A connection or listener is named by a handle; of
 * one that is gone nothing is read, and nothing is written to it.
 */

const { Buffer } = require('node:buffer')
const binding = require('../load.js')
const { surface } = require('../surface.js')

const {
  NET_COMMAND_ACCEPTING, NET_COMMAND_DESTROY, NET_COMMAND_END, NET_COMMAND_FINISH, NET_COMMAND_FLUSH, NET_COMMAND_KEEP_ALIVE, NET_COMMAND_MESSAGES,
  NET_COMMAND_NO_DELAY, NET_COMMAND_PAUSE, NET_COMMAND_RELEASE, NET_COMMAND_RESET, NET_COMMAND_RESUME, NET_COMMAND_WINDOW,
  NET_EVENT_ACCEPTED, NET_EVENT_BYTES, NET_EVENT_CLOSED, NET_EVENT_DRAINED, NET_EVENT_ENDED, NET_EVENT_FAILED,
  NET_EVENT_OPENED, NET_PAGE_LENGTH, NET_SLOT_AMOUNT, NET_SLOT_ARGUMENT, NET_SLOT_COMMAND, NET_SLOT_GENERATION,
  NET_SLOT_HIGH_WATER, NET_SLOT_INDEX, NET_SLOT_RESULT
} = binding

/** After so many bytes, others than connections have their turn. */
const MAX_DRAIN = 1 << 20

const page = new Uint32Array(NET_PAGE_LENGTH)
/** @type {object | null} */
let network = null
let callBegin, callNext, callRest, callTake, callWrite, callCommand

/** Who is told of what is new, by the index of the handle. @type {({ handle: Handle, onNews: Function } | undefined)[]} */
const sources = []
/** How many of them keep the process alive. */
let references = 0
/** Bytes taken since the last turn of others. */
let taken = 0

/** The name of a connection or listener. */
class Handle {
  constructor () {
    this.index = page[NET_SLOT_INDEX]
    this.generation = page[NET_SLOT_GENERATION]
  }
}

function start () {
  if (network !== null) return
  network = new binding.Network(page, drain)
  callBegin = network.begin()
  callNext = network.next()
  callRest = network.rest()
  callTake = network.take()
  callWrite = network.write()
  callCommand = network.command()
}

//
// WHAT IS NEW
//

function drain () {
  callBegin()
  for (taken = 0; ;) {
    if (taken >= MAX_DRAIN) return drainLater()
    callNext()
    const events = page[NET_SLOT_RESULT]
    if (events === 0) break
    const available = page[NET_SLOT_AMOUNT]
    const source = sources[page[NET_SLOT_INDEX]]
    if (source === undefined || source.handle.generation !== page[NET_SLOT_GENERATION]) continue
    try {
      source.onNews(events, available)
    } catch (error) {
      // The others are to hear their news all the same.
      surface(error)
    }
  }
  callRest()
  if (page[NET_SLOT_RESULT] !== 0) drainLater()
}

/** To be woken for each bit of news would keep the event loop from everything else. */
function drainLater () {
  setImmediate(drain)
}

/**
 * Has `source` told of what is new of the handle that the page names.
 * @param {{ onNews (events: number, available: number): void }} source
 * @returns {Handle}
 */
function register (source) {
  const handle = new Handle()
  sources[handle.index] = source
  return handle
}

//
// OPENING
//

/**
 * Begins to connect.
 * @param {{ onNews: Function }} source is told
 * @param {{ address: string, port: number, localAddress?: string, localPort?: number, window: number,
 *   limit?: object, proxied?: object, utp?: Handle }} options
 *   addresses are of IPv4 or IPv6; `utp` is the socket of uTP to connect over
 * @returns {Handle}
 */
function connect (source, { address, port, localAddress, localPort, window, limit, proxied, utp }) {
  start()
  if (utp === undefined) {
    network.connect({ address, port, localAddress, localPort, proxied }, window, limit)
  } else {
    name(utp)
    network.connectUtp(address, port, window, limit)
  }
  return register(source)
}

/**
 * Opens a socket of uTP. It accepts nothing until `setAccepting`.
 * @param {{ onNews: Function }} source is told; `BYTES` means packets that are none of uTP
 * @param {{ address: string, port: number, ipv6Only: boolean }} options
 * @returns {{ handle: Handle, fault: null } | { handle: null, fault: object }}
 */
function bindUtp (source, { address, port, ipv6Only }) {
  start()
  const fault = network.bindUtp(address, port, ipv6Only)
  return fault ? { handle: null, fault } : { handle: register(source), fault: null }
}

/** Whether a socket of uTP accepts connections. */
function setAccepting (handle, isAccepting) {
  command(handle, NET_COMMAND_ACCEPTING, isAccepting ? 1 : 0)
}

/** Whether a socket of uTP keeps packets that are none of uTP. */
function wantMessages (handle, areWanted) {
  command(handle, NET_COMMAND_MESSAGES, areWanted ? 1 : 0)
}

/** @returns {{ from: { address: string, port: number }, bytes: Buffer } | null} the next of them */
function takeMessage (handle) {
  name(handle)
  return network.takeMessage()
}

/** Sends one. @returns {object | null} what went wrong */
function sendMessage (handle, bytes, address, port) {
  name(handle)
  return network.sendMessage(bytes, address, port)
}

/**
 * @param {boolean} isSending of what goes, or of what comes
 * @param {number} wanted bytes; 0 changes nothing
 * @returns {number} how much the system keeps for a socket of uTP
 */
function systemBuffer (handle, isSending, wanted) {
  name(handle)
  return network.systemBuffer(isSending, wanted)
}

function setTtl (handle, ttl) {
  name(handle)
  network.setTtl(ttl)
}

/**
 * Listens.
 * @param {{ onNews: Function }} source is told
 * @param {{ address: string, port: number, backlog: number, ipv6Only: boolean }} options
 * @returns {{ handle: Handle | null, fault: object | null }}
 */
function listen (source, { address, port, backlog, ipv6Only }) {
  start()
  const fault = network.listen(address, port, backlog, ipv6Only)
  return { handle: fault ? null : register(source), fault }
}

/**
 * Takes the next connection of a listener.
 * @param {Handle} listener
 * @param {{ onNews: Function }} source is told of it
 * @param {number} window how many bytes may be read and not taken
 * @param {object | undefined} limit
 * @returns {Handle | null} `null` if there is none
 */
function accept (listener, source, window, limit) {
  name(listener)
  return network.accept(window, limit) ? register(source) : null
}

//
// CALLS ON A CONNECTION OR LISTENER
//

function name ({ index, generation }) {
  page[NET_SLOT_INDEX] = index
  page[NET_SLOT_GENERATION] = generation
}

function command (handle, what, argument = 0) {
  name(handle)
  page[NET_SLOT_COMMAND] = what
  page[NET_SLOT_ARGUMENT] = argument
  callCommand()
}

/**
 * Takes what came first.
 * @param {number} length of it, which is there
 * @returns {Buffer} shorter if less is there after all
 */
function take (handle, length) {
  const bytes = Buffer.allocUnsafeSlow(length)
  name(handle)
  callTake(bytes)
  const filled = page[NET_SLOT_RESULT]
  taken += filled
  return filled === length ? bytes : bytes.subarray(0, filled)
}

/** Adds a copy of bytes to what is to be written. */
function write (handle, bytes) {
  name(handle)
  callWrite(bytes)
}

/**
 * Has what was written leave.
 * @param {{ onFlushed (queued: number, isFull: boolean, highWater: number): void }} writer is told how many
 *   bytes wait, whether to stop until they have drained, and how many are not to be exceeded
 */
function flush (handle, writer) {
  command(handle, NET_COMMAND_FLUSH)
  writer.onFlushed(page[NET_SLOT_RESULT], page[NET_SLOT_AMOUNT] !== 0, page[NET_SLOT_HIGH_WATER])
}

function pause (handle) {
  command(handle, NET_COMMAND_PAUSE)
}

function resume (handle) {
  command(handle, NET_COMMAND_RESUME)
}

/** Ends our side behind what was written. */
function end (handle) {
  command(handle, NET_COMMAND_END)
}

/** Likewise, and drops what the peer still sends. */
function finish (handle) {
  command(handle, NET_COMMAND_FINISH)
}

function destroy (handle) {
  command(handle, NET_COMMAND_DESTROY)
}

/** Closes at once, and has the peer see a reset. */
function reset (handle) {
  command(handle, NET_COMMAND_RESET)
}

/** Forgets a connection or listener. */
function release (handle) {
  command(handle, NET_COMMAND_RELEASE)
  if (sources[handle.index]?.handle === handle) sources[handle.index] = undefined
}

function setWindow (handle, bytes) {
  command(handle, NET_COMMAND_WINDOW, bytes)
}

/** @param {object | undefined} limit from now on */
function setRateLimit (handle, limit) {
  name(handle)
  network.limit(limit)
}

function setNoDelay (handle, isSet) {
  command(handle, NET_COMMAND_NO_DELAY, isSet ? 1 : 0)
}

/** @param {number} seconds of silence; 0 for none */
function setKeepAlive (handle, seconds) {
  command(handle, NET_COMMAND_KEEP_ALIVE, seconds)
}

/** Runs a wire's ciphers where the bytes are, from now on. */
function encrypt (handle, ciphers, window) {
  name(handle)
  network.encrypt(ciphers, window)
}

/** @returns {{ remote: { address: string, port: number }, local: { address: string, port: number } } | null} */
function endpoints (handle) {
  name(handle)
  return network.endpoints()
}

/**
 * Makes a limit of bytes a second, within another one if that is given.
 * @param {object=} parent
 * @returns {object} with `setDownload` and `setUpload`
 */
function newRateLimit (parent) {
  return new binding.NetRateLimit(parent)
}

/** @returns {{ address: string, port: number } | null} where it listens */
function addressOf (handle) {
  name(handle)
  return network.address()
}

/** @returns {object | null} what went wrong */
function takeFault (handle) {
  name(handle)
  return network.takeFault()
}

/** One more keeps the process alive, or one less. */
function addReference (change) {
  const before = references
  references += change
  if ((before > 0) !== (references > 0)) network.keepAlive(references > 0)
}

/** How many connections and listeners there are: for tests. */
function countSources () {
  return network === null ? 0 : network.sources
}

module.exports = {
  ACCEPTED: NET_EVENT_ACCEPTED,
  BYTES: NET_EVENT_BYTES,
  CLOSED: NET_EVENT_CLOSED,
  DRAINED: NET_EVENT_DRAINED,
  ENDED: NET_EVENT_ENDED,
  FAILED: NET_EVENT_FAILED,
  OPENED: NET_EVENT_OPENED,
  accept,
  addReference,
  addressOf,
  bindUtp,
  connect,
  countSources,
  destroy,
  encrypt,
  end,
  endpoints,
  finish,
  flush,
  listen,
  newRateLimit,
  pause,
  release,
  reset,
  resume,
  sendMessage,
  setAccepting,
  setKeepAlive,
  setNoDelay,
  setRateLimit,
  setTtl,
  setWindow,
  systemBuffer,
  take,
  takeFault,
  takeMessage,
  wantMessages,
  write
}
