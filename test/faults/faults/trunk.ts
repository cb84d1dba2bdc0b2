import type { Direction } from '../../support/fault-proxy/toxic.ts'
import { KeyedTraffic } from '../../support/keyed-traffic.ts'
import { closed } from '../../support/socks-client.ts'
import type { Act, Expectation, Family, Fault, Seen } from '../case.ts'
import { activated, takesFreeSlot } from '../plays.ts'
import type { Bytestream, Stage } from '../stage.ts'

/** What two relays say when they open a trunk (`services/relay/trunk-preamble.ts`), in order, and which way. */
const words = [
  { word: 'the ticket', way: 'upstream' },
  { word: 'READY', way: 'downstream' },
  { word: 'GO', way: 'upstream' },
  { word: 'JOINED', way: 'downstream' },
] as const satisfies readonly { readonly word: string; readonly way: Direction }[]
type Word = (typeof words)[number]['word']

const failed = { by: 'relay', counts: 'splice65_handoffs_total{outcome="failed"}' } as const
const undone: Expectation = {
  clients: 'internal-server-error, then joined, exact',
  operator: failed,
  heals: 'both halves wait on, and the next activation joins them',
}
const halfDone: Expectation = {
  clients: 'internal-server-error, one is reset, its slot is free at once, joined, exact',
  operator: failed,
  heals: 'the client whose half was joined with nothing is told by a reset and dials again; the other waits on',
  play: losesJoined,
}

/** The connection between two relays breaks behind each word of its opening. */
export const trunkFaults: Family = {
  name: 'trunk',
  about:
    'The trunk is reset while one word of its opening is on its way: one relay has said it, the other never hears it.',
  stage: { relay: { handoffTimeoutMs: 1_000 } },
  faults: words.map(
    ({ word }): Fault => ({
      fault: `reset behind ${word}`,
      strike: async ({ holder }) => void holder.trunk.add({ type: 'reset_peer', timeoutMs: 0 }),
      heal: async ({ holder }) => holder.trunk.clear(),
      at: {
        handoff: word === 'JOINED' ? halfDone : { ...undone, play: (stage, act) => loses(word, stage, act) },
      },
    }),
  ),
}

async function loses(word: Word, stage: Stage, act: Act): Promise<Seen> {
  using bytestream = stage.agree()
  await bytestream.dial(stage.owner, stage.holder)
  const { answer } = await activatedUpTo(word, stage, bytestream)
  await act.strike()
  return await activated(stage, act, bytestream, [], answer)
}

/** The far half has been joined when the trunk breaks. Its client is told; another one takes the place. */
async function losesJoined(stage: Stage, act: Act): Promise<Seen> {
  using bytestream = stage.agree()
  await bytestream.dial(stage.owner)
  using leaving = bytestream.again()
  const caller = await leaving.greet(stage.holder)
  await caller.name(bytestream.digest)
  const { answer } = await activatedUpTo('JOINED', stage, bytestream)
  const end = closed(caller.socket)
  await act.strike()
  const told = [await answer, (await end) === undefined ? 'one is closed' : 'one is reset']
  await act.heal()
  await takesFreeSlot(bytestream, stage.holder)
  told.push('its slot is free at once', await bytestream.activateAgain())
  const traffic = new KeyedTraffic(bytestream.pair, bytestream.digest)
  await traffic.goesOn()
  told.push(await traffic.finish())
  return { clients: told.join(', '), lostBytes: traffic.lostBytes }
}

/** Activates, and keeps back what the relays say from this word on. Resolves, with the answer to come, when it was said. */
async function activatedUpTo(
  last: Word,
  { holder: { trunk } }: Stage,
  bytestream: Bytestream,
): Promise<{ answer: Promise<string> }> {
  const keep = (way: Direction) => ({
    release: trunk.add({ type: 'timeout', timeoutMs: 0 }, way),
    said: trunk.until(way, 1),
  })
  const [first, ...others] = words.slice(0, words.findIndex(({ word }) => word === last) + 1).map(({ way }) => way)
  let kept = keep(first ?? 'upstream')
  const answer = bytestream.activate()
  await kept.said
  for (const way of others) {
    const next = keep(way)
    kept.release()
    kept = next
    await kept.said
  }
  return { answer }
}
