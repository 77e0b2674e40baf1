'use strict'

/** Over a relay that loses, delays, reorders and repeats. */

const { once } = require('node:events')
const UTP = require('../../utp.js')
const { openRelay } = require('./support/relay.js')
const { receive, send } = require('./support/transfer.js')

const SEED = Number(process.env.UTP_SEED ?? 1)

test.each([
  ['one in a hundred lost, 25 ms each way', { loss: 0.01, delay: 25 }, 24],
  ['one in ten lost, and more', { loss: 0.1, repeats: 0.05, late: 0.05, delay: 5 }, 8],
  ['out of order, and twice', { repeats: 0.2, late: 0.3, delay: 2 }, 24]
])('%s: no stall, and no wrong byte', async (_, way, count) => {
  const server = UTP.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const relay = await openRelay(server.address().port, { seed: SEED, ...way })
  const accepted = once(server, 'connection')
  const client = UTP.connect(relay.port)
  await once(client, 'connect')
  const [peer] = await accepted
  const [there, back, received, returned] = await Promise.all([send(client, count, 1), send(peer, 4, 2), receive(peer), receive(client)])
  expect([SEED, received.hash, returned.hash]).toEqual([SEED, there, back])
  expect(received.stall).toBeLessThan(8000)
  if (way.loss) expect(relay.counts.lost).toBeGreaterThan(0)
  const closed = new Promise(resolve => server.close(resolve))
  client.destroy()
  peer.destroy()
  await closed
  await relay.close()
}, 60_000)
