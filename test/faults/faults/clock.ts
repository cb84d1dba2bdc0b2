import { Inspector, inspectable } from '../../support/inspector.ts'
import type { Family, Fault } from '../case.ts'
import { watchFor } from '../sign.ts'
import type { Stage } from '../stage.ts'

const notBelieved = { by: 'control', log: 'the registry lists relays that are not ours' } as const
const believedAgain =
  'by whoever sets the clock: its next heartbeat is believed; until then it is advertised to nobody, and what it holds can be joined for a minute more'
const goesOn = { operator: 'nothing', heals: 'nothing to heal' } as const

/** The clock of one relay is not that of the others. */
export const clockFaults: Family = {
  name: 'clock',
  about:
    'The clock of the relay that holds the second half jumps. Leases run by the clock of Redis, and timers by one that ' +
    'nobody sets; only the seal of a relay’s record is dated, and believed for a quarter of an hour.',
  faults: [
    ...[10, -10].map((minutes) =>
      jumpsBy(minutes, {
        handshake: { clients: 'accepted, joined, exact', ...goesOn },
        waiting: { clients: 'joined, exact', ...goesOn },
        handoff: { clients: 'joined, exact', ...goesOn },
        transfer: { clients: 'exact', ...goesOn },
      }),
    ),
    ...[60, -60].map((minutes) =>
      jumpsBy(minutes, {
        waiting: { clients: 'joined, exact', operator: notBelieved, heals: believedAgain },
        transfer: { clients: 'exact', operator: notBelieved, heals: believedAgain },
      }),
    ),
  ],
}

function jumpsBy(minutes: number, at: Fault['at']): Fault {
  return {
    fault: `${Math.abs(minutes)} minutes ${minutes > 0 ? 'ahead' : 'behind'}`,
    async prepare(stage) {
      await stage.recast('holder', {}, inspectable())
      // Control must have believed it before.
      await stage.known()
    },
    async strike(stage) {
      // It lasts until control has met it.
      const met = await watchFor(at.waiting?.operator ?? 'nothing', (service) => stage.witnesses(service))
      await setClock(stage, minutes)
      await met()
    },
    heal: (stage) => setClock(stage, 0),
    at,
  }
}

async function setClock({ holder }: Stage, minutes: number): Promise<void> {
  using inspector = await Inspector.open(holder.process)
  await inspector.run(`globalThis.trueNow ??= Date.now; Date.now = () => trueNow() + ${minutes * 60_000}`)
}
