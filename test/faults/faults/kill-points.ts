import { bytestreamKillPoints, type KillPoint } from '../../../services/shared/runtime/kill-point.ts'
import { readToEnd } from '../../support/socks-client.ts'
import type { Expectation, Family, Fault, Phase, Seen } from '../case.ts'
import type { Stage } from '../stage.ts'

/** Who comes to a point, at which phase, and what it costs. */
interface Plan extends Pick<Expectation, 'clients' | 'heals' | 'play'> {
  readonly who: 'owner' | 'holder' | 'control'
  readonly phase: Phase
}

const dialAgain = 'the client whose half is gone dials again'
const answered = 'a control that takes over answers; what the relays did stands'
const lostHalf = { clients: 'internal-server-error', heals: dialAgain } as const

const plans: Readonly<Record<(typeof bytestreamKillPoints)[number], Plan>> = {
  'half-claimed': {
    who: 'holder',
    phase: 'handshake',
    clients: 'accepted and closed, internal-server-error',
    heals: `${dialAgain}; its slot is free when the lease of the dead one has run out`,
  },
  'half-answered': {
    who: 'holder',
    phase: 'handshake',
    clients: 'accepted, internal-server-error',
    heals: `${dialAgain}; its slot is free when the lease of the dead one has run out`,
  },
  'activation-claimed': { who: 'control', phase: 'waiting', clients: 'no answer, then joined, exact', heals: answered },
  'activation-joined': { who: 'control', phase: 'waiting', clients: 'no answer, then joined, exact', heals: answered },
  'activation-reserved': { who: 'owner', phase: 'handoff', ...lostHalf },
  'handoff-promised': { who: 'owner', phase: 'handoff', ...lostHalf },
  'handoff-ready': { who: 'owner', phase: 'handoff', ...lostHalf },
  'handoff-confirmed': {
    who: 'owner',
    phase: 'handoff',
    clients: 'internal-server-error, the other is reset',
    heals: 'both clients, who were told, begin again',
    play: tellsTheOther,
  },
  'bytestream-joined': { who: 'owner', phase: 'handoff', ...lostHalf },
  'ticket-issued': { who: 'holder', phase: 'handoff', ...lostHalf },
  'ticket-redeemed': { who: 'holder', phase: 'handoff', ...lostHalf },
  'trunk-told': { who: 'holder', phase: 'handoff', ...lostHalf },
  'trunk-answered': {
    who: 'holder',
    phase: 'handoff',
    clients: 'joined, reset',
    heals: 'the clients, who were told by a reset, send again',
  },
}

/** A process that dies exactly between two steps. */
export const killPointFaults: Family = {
  name: 'kill-point',
  about: 'A process is killed between two steps, at the points that `services/shared/runtime/kill-point.ts` names.',
  faults: bytestreamKillPoints.map((point): Fault => {
    const { who, phase, ...told } = plans[point]
    return {
      fault: point,
      prepare: (stage) => arm(stage, who, point),
      // It dies by itself when it comes there.
      strike: async () => {},
      // A control is replaced in the middle of the play, as a Deployment would; a relay afterwards.
      ...(who === 'control' && { heal: replaceControl }),
      at: {
        [phase]: {
          ...told,
          operator: { by: who === 'control' ? 'control' : 'relay', ends: 'ends, and is started again' },
        },
      },
    }
  }),
}

async function arm(stage: Stage, who: Plan['who'], point: KillPoint): Promise<void> {
  const under = ['env', `SPLICE65_KILL_POINT=${point}`]
  if (who === 'control') await stage.recastControl({}, under)
  else await stage.recast(who, {}, under)
}

async function replaceControl(stage: Stage): Promise<void> {
  await stage.control.exited
  await stage.addControl()
}

/** The far half has been joined with a relay that is no more: its client must not take that for the end of a file. */
async function tellsTheOther(stage: Stage): Promise<Seen> {
  using bytestream = stage.agree()
  await bytestream.dial(stage.owner, stage.holder)
  const end = readToEnd(bytestream.pair.second).then(
    () => 'closed as if it were the end',
    () => 'reset',
  )
  return { clients: `${await bytestream.activate()}, the other is ${await end}`, lostBytes: 0 }
}
