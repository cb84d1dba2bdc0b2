import { KeyedTraffic } from '../support/keyed-traffic.ts'
import { until } from '../support/until.ts'
import type { Welcome } from './caller.ts'
import type { Act, Phase, Play, Seen } from './case.ts'
import type { Bytestream, Stage, StagedRelay } from './stage.ts'

/** What happens to one bytestream at each phase, unless a case has a play of its own. */
export const plays: Readonly<Record<Phase, Play>> = {
  /** The fault strikes when both clients have greeted, and they name their bytestream in the middle of it. */
  async handshake(stage, act) {
    using bytestream = stage.agree()
    const callers = [await bytestream.greet(stage.owner), await bytestream.greet(stage.holder)]
    await act.strike()
    const welcomes = await Promise.all(callers.map((caller) => caller.name(bytestream.digest)))
    return await activated(stage, act, bytestream, [welcomesOf(welcomes)])
  },

  /** The fault strikes when both halves wait, and the requester activates in the middle of it. */
  async waiting(stage, act) {
    using bytestream = stage.agree()
    await bytestream.dial(stage.owner, stage.holder)
    await act.strike()
    return await activated(stage, act, bytestream)
  },

  /** The fault strikes while one relay hands a half to the other: the trunk is dialled, the ticket is on its way. */
  async handoff(stage, act) {
    using bytestream = stage.agree()
    await bytestream.dial(stage.owner, stage.holder)
    const { trunk } = stage.holder
    const release = trunk.add({ type: 'timeout', timeoutMs: 0 }, 'upstream')
    const over = new AbortController()
    const dialled = trunk.until('upstream', 1, over.signal).catch(() => {})
    const answer = bytestream.activate()
    // A process that dies before it dials has the answer come first.
    await Promise.race([dialled, answer])
    over.abort()
    await act.strike()
    release()
    return await activated(stage, act, bytestream, [], answer)
  },

  /** The fault strikes while bytes flow, on one bytestream within a relay and on one that crosses. */
  async transfer(stage, act) {
    using local = await stage.running(stage.owner, stage.owner)
    using crossing = await stage.running(stage.owner, stage.holder)
    const streams = [local, crossing]
    await act.strike()
    const during = await Promise.all(streams.map(({ traffic }) => traffic.goesOn()))
    await act.heal()
    const after = await Promise.all(streams.map(({ traffic }) => traffic.finish()))
    const [here = '', across = ''] = after.map((delivery, at) =>
      delivery === 'exact' && !during[at] ? 'stalls, then exact' : delivery,
    )
    return {
      clients: here === across ? here : `${here} within a relay, ${across} across`,
      lostBytes: streams.reduce((lost, { traffic }) => lost + traffic.lostBytes, 0),
    }
  },
}

/**
 * The second half of a play: activates, again where it failed and the fault can be taken away, and moves bytes where it can.
 * `seen` is what was seen before; `answer` an activation that is under way.
 */
export async function activated(
  stage: Stage,
  act: Act,
  bytestream: Bytestream,
  seen: readonly string[] = [],
  answer?: Promise<string>,
): Promise<Seen> {
  const told = [...seen]
  const first = await (answer ?? bytestream.activate())
  told.push(first)
  const healed = await act.heal()
  if (first !== 'joined' && !healed) return { clients: told.join(', '), lostBytes: 0 }
  if (first !== 'joined') {
    const again = await bytestream.activateAgain()
    told.push(`then ${again}`)
    if (again !== 'joined') return { clients: told.join(', '), lostBytes: 0 }
  }
  const traffic = new KeyedTraffic(bytestream.pair, bytestream.digest)
  await traffic.goesOn()
  told.push(await traffic.finish())
  if (!(await stage.told(bytestream))) told.push('untold')
  return { clients: told.join(', '), lostBytes: traffic.lostBytes }
}

/** Another client takes a slot of this bytestream, as soon as one is free: long before a lease would run out. */
export async function takesFreeSlot(bytestream: Bytestream, relay: StagedRelay): Promise<void> {
  await until('its slot is free', async () => {
    using attempt = bytestream.again()
    const caller = await attempt.greet(relay)
    if ((await caller.name(bytestream.digest)) !== 'accepted') return false
    bytestream.adopt(attempt)
    return true
  })
}

/** Both clients' welcomes: one word when they are the same. */
export function welcomesOf(welcomes: readonly Welcome[]): string {
  return [...new Set(welcomes)].join(' and ')
}
