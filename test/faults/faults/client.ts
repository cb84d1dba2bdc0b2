import { once } from 'node:events'
import { KeyedTraffic } from '../../support/keyed-traffic.ts'
import { closed } from '../../support/socks-client.ts'
import { until } from '../../support/until.ts'
import type { Family } from '../case.ts'
import { block } from '../namespace.ts'
import { takesFreeSlot } from '../plays.ts'
import type { Bytestream, Stage } from '../stage.ts'

const left = { by: 'relay', counts: 'splice65_half_connections_total{outcome="aborted",reason="reset"}' } as const
const aborted = { by: 'relay', counts: 'splice65_bytestreams_total{outcome="aborted",reason="reset"}' } as const
/** Both relays look at the clock; the one that is first ends it, and the other sees a reset. */
const stalled = {
  by: 'relay',
  counts: 'splice65_legs_total{outcome="expired",reason="stalled"}',
  orCounts: 'splice65_bytestreams_total{outcome="expired",reason="stalled"}',
} as const
/** An address of ours that only the client in question has. */
const ownAddress = '127.0.0.9'

/** One client of a bytestream goes, in every way in which clients go. */
export const clientFaults: Family = {
  name: 'client',
  about:
    'One client resets, finishes, vanishes without a word, or reads too slowly. Whoever waits or sends on the other side is told.',
  stage: {
    relay: { stallTimeoutMs: 3_000, handshakeTimeoutMs: 3_000, activationTimeoutMs: 8_000, finishedTimeoutMs: 1_000 },
  },
  faults: [
    {
      fault: 'resets',
      strike: async () => {},
      at: {
        waiting: {
          clients: 'its slot is free at once, joined, exact',
          operator: left,
          heals: 'a newcomer takes the slot',
          play: (stage) => leavesAndComesBack(stage, (socket) => socket.resetAndDestroy()),
        },
        transfer: {
          clients: 'reset',
          operator: aborted,
          heals: 'the clients send again',
          play: (stage) => breaksAtBoth(stage, (pair) => pair.second.resetAndDestroy()),
        },
      },
    },
    {
      fault: 'finishes',
      strike: async () => {},
      at: {
        waiting: {
          clients: 'its slot is free at once, joined, exact',
          operator: { by: 'relay', counts: 'splice65_half_connections_total{outcome="aborted",reason="replaced"}' },
          heals: 'a newcomer takes the slot; without one it can be activated for ten seconds',
          play: (stage) => leavesAndComesBack(stage, (socket) => socket.end()),
        },
        transfer: {
          clients: 'the other direction goes on, exact',
          operator: 'nothing',
          heals: 'nothing to heal: a FIN ends one direction',
          play: halfCloses,
        },
      },
    },
    {
      fault: 'vanishes without a word',
      needs: 'namespace',
      strike: async () => {},
      at: {
        handshake: {
          clients: 'given up',
          operator: { by: 'relay', counts: 'splice65_handshakes_total{result="expired"}' },
          heals: 'the deadline of handshakes',
          play: vanishesInHandshake,
        },
        waiting: {
          clients: 'given up',
          operator: { by: 'relay', counts: 'splice65_half_connections_total{outcome="expired",reason="unactivated"}' },
          heals: 'the time that halves may wait',
          play: vanishesWaiting,
        },
        transfer: {
          clients: 'reset',
          operator: stalled,
          heals: 'the stall timer, or TCP_USER_TIMEOUT',
          play: vanishesInTransfer,
        },
      },
    },
    {
      fault: 'reads nothing',
      strike: async () => {},
      at: {
        transfer: {
          clients: 'exact for others, reset for its own',
          operator: stalled,
          heals: 'the stall timer ends it, and it alone',
          play: readsNothing,
        },
      },
    },
  ],
}

type Pair = Bytestream['pair']

/** The second client leaves while it waits; another takes its place. */
async function leavesAndComesBack(stage: Stage, leave: (socket: Pair['second']) => void) {
  using bytestream = stage.agree()
  await bytestream.dial(stage.owner)
  using leaving = bytestream.again()
  const caller = await leaving.greet(stage.holder)
  await caller.name(bytestream.digest)
  leave(caller.socket)
  await takesFreeSlot(bytestream, stage.holder)
  const answer = await bytestream.activate()
  const traffic = new KeyedTraffic(bytestream.pair, bytestream.digest)
  await traffic.goesOn()
  const delivery = await traffic.finish()
  return { clients: `its slot is free at once, ${answer}, ${delivery}`, lostBytes: traffic.lostBytes }
}

async function breaksAtBoth(stage: Stage, strike: (pair: Pair) => void) {
  using stream = await stage.running(stage.owner, stage.holder)
  strike(stream.bytestream.pair)
  await stream.traffic.breaks(10_000)
  return { clients: stream.traffic.delivery(), lostBytes: stream.traffic.lostBytes }
}

/** One side sends its FIN at once; what the other sends afterwards must still arrive. */
async function halfCloses(stage: Stage) {
  using bytestream = stage.agree()
  await bytestream.dial(stage.owner, stage.holder)
  const answer = await bytestream.activate()
  if (answer !== 'joined') throw new Error(`Cannot begin: ${answer}`)
  const { first, second } = bytestream.pair
  second.end()
  await once(first.resume(), 'end')
  const sent = Buffer.alloc(500_000, 'after the other end')
  first.end(sent)
  const chunks: Buffer[] = []
  for await (const chunk of second) chunks.push(chunk)
  const arrived = Buffer.concat(chunks)
  const clients = arrived.equals(sent) ? 'the other direction goes on, exact' : 'short'
  return { clients, lostBytes: sent.length - arrived.length }
}

async function vanish(stage: Stage): Promise<void> {
  stage.afterwards(await block({ address: ownAddress }, 'drop'))
}

async function vanishesInHandshake(stage: Stage) {
  using bytestream = stage.agree()
  await bytestream.greet(stage.holder, ownAddress)
  await vanish(stage)
  return givenUp(stage)
}

async function vanishesWaiting(stage: Stage) {
  using bytestream = stage.agree()
  await (await bytestream.greet(stage.holder, ownAddress)).name(bytestream.digest)
  await vanish(stage)
  return givenUp(stage)
}

async function givenUp(stage: Stage) {
  await until('the relay has given the socket up', async () =>
    /^splice65_sockets_open 0$/m.test(await stage.holder.process.metrics()),
  )
  return { clients: 'given up', lostBytes: 0 }
}

async function vanishesInTransfer(stage: Stage) {
  using bytestream = stage.agree()
  await bytestream.dial(stage.owner)
  await (await bytestream.greet(stage.holder, ownAddress)).name(bytestream.digest)
  await bytestream.activate()
  const traffic = new KeyedTraffic(bytestream.pair, bytestream.digest)
  await traffic.goesOn()
  const end = closed(bytestream.pair.first)
  await vanish(stage)
  const how = await end
  return { clients: how === undefined ? 'closed as if it were the end' : 'reset', lostBytes: 0 }
}

async function readsNothing(stage: Stage) {
  using other = await stage.running(stage.owner, stage.holder)
  using bytestream = stage.agree()
  await bytestream.dial(stage.owner, stage.holder)
  await bytestream.activate()
  const { first, second } = bytestream.pair
  second.pause()
  const end = closed(first)
  const flood = setInterval(() => {
    if (first.writable && first.writableLength < 1_000_000) first.write(Buffer.alloc(1_000_000))
  }, 5)
  const how = await end
  clearInterval(flood)
  const delivery = await other.traffic.finish()
  return {
    clients: `${delivery} for others, ${how === undefined ? 'closed' : 'reset'} for its own`,
    lostBytes: other.traffic.lostBytes,
  }
}
