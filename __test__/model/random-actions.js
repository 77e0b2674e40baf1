'use strict'

const { Player, RANGE } = require('./player')
const messages = require('../world/support/messages')

/** How many pieces requests are about, so that lists of allowed ones matter. */
const PIECES = 6

/** A timeout that no request meets, in milliseconds. */
const AGES = 100_000_000

/** What an application does with a wire, each with how often it does it. */
const APPLICATION = [
  [6, player => ask(player)],
  [3, player => respond(player)],
  [2, player => player.unchoke()],
  [1, player => player.choke()],
  [1, player => player.interested()],
  [1, player => player.uninterested()],
  [4, player => have(player)],
  [1, player => haveMany(player)],
  [1, player => bitfield(player)],
  [2, player => cancel(player)],
  [1, player => player.sendPiece(...anyBlock(player, RANGE / 2))],
  [1, player => port(player)],
  [1, player => player.send(messages.keepAlive(), voice => voice.keepAlive())],
  [2, player => extend(player)],
  [1, player => suggest(player)],
  [1, player => player.allowFast(anyPiece(player))],
  [1, player => reject(player)],
  [1, player => allOrNone(player)],
  [1, player => timers(player)],
  [2, player => pull(player)],
  [1, player => pause(player)],
  [1, player => player.plug?.fiddle()],
  [2, player => editOwnRequests(player)],
  [2, player => editPeerRequests(player)],
  [1, player => editAllowed(player)]
]

/** What a stranger says. */
const TALK = [
  [6, stranger => stranger.ask(...anyBlock(stranger))],
  [1, stranger => again(stranger)],
  [3, stranger => stranger.asked.length > 0 && stranger.answer(stranger.random.pick(stranger.asked))],
  [2, stranger => stranger.unchoke()],
  [1, stranger => stranger.choke()],
  [1, stranger => stranger.say(messages.interested())],
  [1, stranger => stranger.say(messages.uninterested())],
  [3, stranger => stranger.say(messages.have(anyIndex(stranger)))],
  [1, stranger => stranger.say(...Array.from({ length: 40 }, () => messages.have(anyIndex(stranger))))],
  [1, stranger => stranger.say(messages.bitfield(anyBits(stranger)))],
  [2, stranger => takeBack(stranger)],
  [1, stranger => stranger.say(messages.piece(0, stranger.offset++, stranger.random.bytes(stranger.random.below(30))))],
  [1, stranger => stranger.say(messages.port(stranger.random.below(65_536)))],
  [1, stranger => stranger.say(messages.keepAlive())],
  [1, stranger => stranger.hasExtension && stranger.say(messages.extended(1 + stranger.random.below(3), stranger.random.bytes(stranger.random.below(200))))],
  [1, stranger => stranger.say(messages.message(99, stranger.random.bytes(stranger.random.below(20))))],
  [2, stranger => stranger.player.hasFast && sayFast(stranger)],
  [1, stranger => rest(stranger)]
]

/** @param {Player | import('./stranger').Stranger} party does something */
function act (party) {
  if (party instanceof Player) {
    if (party.isGreeted) pick(party.random, APPLICATION)(party)
  } else if (party.isGreeted && party.isOpen) {
    pick(party.random, TALK)(party)
  }
}

function pick (random, actions) {
  let dice = random.below(actions.reduce((sum, [weight]) => sum + weight, 0))
  return actions.find(([weight]) => (dice -= weight) < 0)[1]
}

//
// NUMBERS
//

function anyPiece (party) {
  return party.base + party.random.below(PIECES)
}

/** @returns {number[]} a block that was never named before */
function anyBlock (party, first = 0) {
  const { random } = party
  return [party.base + first + random.below(PIECES), party.offset++, random.pick([1, 1 + random.below(40), 1 + random.below(400), 1 + random.below(5000), random.below(3) === 0 ? 16_384 : 7])]
}

function anyIndex (party) {
  return party.base + party.random.below(RANGE)
}

function anyBits (party) {
  return party.random.bytes(party.random.below((party.base + RANGE) / 8))
}

//
// WHAT AN APPLICATION DOES
//

function ask (player) {
  if (player.isEnding && !player.session.has('late-requests')) return
  const open = player.own.open.filter(({ isPushed }) => !isPushed)
  // Now and then the same block again.
  if (open.length > 0 && player.random.below(10) === 0) {
    const { piece, offset, length, block } = player.random.pick(open)
    if (player.own.isRepeated(block) || !player.peer.mayRepeat(block)) return
    return player.own.ask(piece, offset, length)
  }
  for (let i = player.random.below(player.random.pick([1, 4, 30])); i >= 0; i--) player.own.ask(...anyBlock(player))
}

/** @param {Player | import('./stranger').Stranger} party asks for one more block */
function askOnce (party) {
  if (!party.isGreeted) return
  if (party instanceof Player) party.own.ask(...anyBlock(party))
  else party.ask(...anyBlock(party))
}

/** Answers now or late, rightly or with an error, and what was answered before. */
function respond (player) {
  const { random, theirs } = player
  const asked = theirs.entries.filter(entry => entry.respond !== null)
  const open = asked.filter(entry => entry.isOpen)
  const error = random.below(4) === 0 ? new Error('no') : null
  if (asked.length > 0 && random.below(6) === 0) return player.respond(random.pick(asked), error)
  for (let i = random.below(4); i >= 0 && open.length > 0; i--) {
    player.respond(open.splice(random.below(open.length), 1)[0], error)
  }
}

function have (player) {
  const index = anyIndex(player)
  player.send(messages.have(index), voice => voice.have(index))
}

function haveMany (player) {
  for (let i = 0; i < 40; i++) have(player)
}

function bitfield (player) {
  const bits = anyBits(player)
  player.send(messages.bitfield(bits), voice => voice.bitfield(bits))
}

function cancel (player) {
  const { open } = player.own
  const [piece, offset, length] = anyBlock(player)
  const record = open.length > 0 && player.random.below(5) > 0 ? player.random.pick(open) : { piece, offset, length }
  if (!player.own.isRepeated(record.block)) player.own.cancel(record.piece, record.offset, record.length)
}

function port (player) {
  const number = player.random.below(65_536)
  player.send(messages.port(number), voice => voice.port(number))
}

function extend (player) {
  if (player.mayExtend) player.extend(player.random.bytes(player.random.below(player.random.pick([10, 100, 1500]))))
}

function suggest (player) {
  const index = anyIndex(player)
  player.sendFast(messages.suggest(index), voice => voice.suggest(index))
}

/** Of a block that nobody asked for. */
function reject (player) {
  const block = anyBlock(player)
  player.sendFast(messages.reject(...block), voice => voice.reject(...block))
}

function allOrNone (player) {
  if (player.random.below(2) === 0) player.sendFast(messages.haveAll(), voice => voice.haveAll())
  else player.sendFast(messages.haveNone(), voice => voice.haveNone())
}

function timers (player) {
  const { face, random, session } = player
  player.call(() => {
    face.setKeepAlive(true)
    face.setKeepAlive(false)
    face.setTimeout(random.pick(session.has('timers') ? [0, undefined, AGES, AGES + 0.5] : [0, AGES]), true)
  })
}

function pull (player) {
  const { plug, session } = player
  if (!plug?.canPull || !session.has('pulling')) return
  switch (player.random.below(4)) {
    case 0: return plug.pullIn()
    case 1: return plug.pushIn()
    case 2: return plug.pullOut()
    case 3: return plug.pushOut()
  }
}

function pause (player) {
  const { plug, random, session } = player
  if (!plug?.canPause || player.isEnding || !session.has('pausing')) return
  player.face.pause()
  session.later(random.below(5), () => {
    if (plug.canPause && !plug.isPaused) player.face.resume()
  })
}

function editOwnRequests (player) {
  const { face, own, random, session } = player
  if (player.isEnding || !session.has('edits')) return
  if (face.requests.length > 0 && random.below(2) === 0) return own.forget(random.below(face.requests.length))
  const before = [...face.requests]
  edit(player, 'requests', block => own.push(...block))
  own.edited(before)
}

function editPeerRequests (player) {
  const { face, session, theirs } = player
  if (player.isEnding || !session.has('edits')) return
  const before = [...face.peerRequests]
  edit(player, 'peerRequests', block => theirs.push(...block))
  theirs.edited(before)
}

/** Edits a list of requests in one of the ways in which applications do. */
function edit (player, list, newEntry) {
  const { face, random } = player
  const entries = face[list]
  const isFew = entries.length < 3
  switch (random.below(9)) {
    case 0: return entries.pop()
    case 1: return entries.splice(0, 2)
    case 2: if (isFew) entries.length = 0; return
    case 3: face[list] = isFew ? [] : entries.slice(1); return
    case 4: return swapRemove(entries, random.below(entries.length))
    case 5: return entries.push(newEntry(anyBlock(player)))
    case 6: return entries.reverse()
    case 7:
      if (entries.length > 0) entries[random.below(entries.length)] = newEntry(anyBlock(player))
      return
    case 8:
      if (entries.length === 0) return
      delete entries[0]
      return entries.splice(0, 1)
  }
}

function swapRemove (entries, at) {
  if (entries.length === 0) return
  const last = entries.pop()
  if (at < entries.length) entries[at] = last
}

function editAllowed (player) {
  const { face, peer, random, session } = player
  if (!session.has('edits')) return
  const isOwn = random.below(2) === 0
  const list = isOwn ? 'allowedFastSet' : 'peerAllowedFastSet'
  // Whom we serve asks for pieces by its own numbers, here.
  const piece = anyPiece(isOwn ? peer : player)
  const entries = face[list]
  switch (random.below(6)) {
    case 0: case 1: entries.push(piece); break
    case 2: entries.pop(); break
    case 3: entries.length = 0; break
    case 4: face[list] = [piece]; break
    case 5: if (entries.length > 0) entries[random.below(entries.length)] = piece
  }
  player.theirs.note()
}

//
// WHAT A STRANGER SAYS
//

/** The same request once more. */
function again (stranger) {
  if (stranger.asking.length === 0) return
  const { index, offset, length, block } = stranger.random.pick(stranger.asking)
  if (!stranger.repeated.has(block) && stranger.player.theirs.mayRepeat(block)) stranger.askAgain(index, offset, length)
}

function takeBack (stranger) {
  if (stranger.asking.length === 0) return
  const message = stranger.random.pick(stranger.asking)
  if (!stranger.repeated.has(message.block)) stranger.cancel(message)
}

function sayFast (stranger) {
  switch (stranger.random.below(4)) {
    case 0: return stranger.say(messages.suggest(anyIndex(stranger)))
    case 1: return stranger.say(messages.haveAll())
    case 2: return stranger.say(messages.haveNone())
    case 3: return stranger.say(messages.allowedFast(anyPiece(stranger.player)))
  }
}

/** Reads nothing for a while. */
function rest (stranger) {
  stranger.end.pause()
  stranger.session.later(stranger.random.below(20), () => stranger.end.resume())
}

module.exports = { act, askOnce }
