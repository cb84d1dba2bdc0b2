import { connect } from 'node:net'
import { cpuSeconds } from '../../bench/usage.ts'
import { type Failing, failCalls } from '../../support/failing-calls.ts'
import { until } from '../../support/until.ts'
import type { Family, Fault, Play } from '../case.ts'
import { activated } from '../plays.ts'
import type { Stage, StagedRelay } from '../stage.ts'

const failed = { by: 'relay', counts: 'splice65_handoffs_total{outcome="failed"}' } as const
const turnedAway = { by: 'relay', counts: 'splice65_handshakes_total{result="unavailable"}' } as const
const copies = { by: 'relay', counts: 'splice65_copied_bytes_total' } as const
/** So many clients come one after the other, each when the one before is turned away. */
const visits = 5
/** More of a core than this is a loop that does nothing else. */
const idleShare = 0.2

/** System calls that fail for want of files, buffers or memory, of one process at a time. */
export const systemCallFaults: Family = {
  name: 'system-call',
  about:
    'The kernel refuses calls of a relay for want of files (EMFILE, ENFILE), buffers (ENOBUFS) or memory (ENOMEM).',
  stage: { relay: { handoffTimeoutMs: 1_500 } },
  faults: [
    ...(['ENFILE', 'ENOBUFS', 'ENOMEM'] as const).map((error) =>
      refused('accept', { calls: ['accept4'], error }, (stage) => stage.holder, {
        handshake: {
          clients: 'closed, idle, then accepted, joined, exact',
          operator: turnedAway,
          heals: 'it listens again every second, until somebody is accepted',
          play: newcomers,
        },
        waiting: {
          clients: 'internal-server-error, then joined, exact',
          operator: failed,
          heals: 'both halves wait on, and the next activation joins them',
        },
        transfer: { clients: 'exact', operator: 'nothing', heals: 'nothing to heal: its connections are there' },
      }),
    ),
    ...(['ENFILE', 'ENOBUFS', 'ENOMEM'] as const).map((error) =>
      refused('socket', { calls: ['socket'], error }, (stage) => stage.owner, {
        waiting: {
          clients: 'internal-server-error, then joined, exact',
          operator: failed,
          heals: 'both halves wait on, and the next activation joins them',
        },
        transfer: { clients: 'exact', operator: 'nothing', heals: 'nothing to heal: its connections are there' },
      }),
    ),
    refused('connect', { calls: ['connect'], error: 'ENOBUFS' }, (stage) => stage.owner, {
      waiting: {
        clients: 'internal-server-error, then joined, exact',
        operator: failed,
        heals: 'both halves wait on, and the next activation joins them',
      },
    }),
    ...(['EMFILE', 'ENFILE', 'ENOMEM'] as const).map((error): Fault => {
      const { heal, ...fault } = refused('pipe', { calls: ['pipe2'], error }, (stage) => stage.holder, {
        waiting: {
          clients: 'joined, exact',
          operator: copies,
          heals: 'bytes are copied, and once a second a pipe is asked for again',
        },
      })
      // One that has no pipes yet.
      return { ...fault, prepare: (stage) => stage.recast('holder', {}) }
    }),
    ...(['ENOBUFS', 'ENOMEM'] as const).map((error) =>
      // Over by the time it is taken away: a call that strace is about to let fail when it leaves would be unknown to the kernel.
      refused('splice, for a moment', { calls: ['splice'], error, when: '1..40' }, (stage) => stage.holder, {
        transfer: {
          clients: 'exact',
          operator: 'nothing',
          heals: 'what failed is tried again ten milliseconds later',
        },
      }),
    ),
  ],
}

/** Calls of one relay that fail until the fault is taken away, or the case is over. */
function refused(what: string, failing: Failing, relayOf: (stage: Stage) => StagedRelay, at: Fault['at']): Fault {
  return {
    fault: `${what}: ${failing.error}`,
    needs: 'process to trace',
    strike: async (stage) => stage.afterwards(await failCalls(relayOf(stage).process.pid, failing)),
    heal: (stage) => stage.tidy(),
    at,
  }
}

/** Clients come to a relay that can accept none, while a half waits on it: they are turned away, and no core is lost to them. */
async function newcomers(...[stage, act]: Parameters<Play>): ReturnType<Play> {
  using bytestream = stage.agree()
  await bytestream.dial(stage.owner, stage.holder)
  await act.strike()
  const { pid, socks } = stage.holder.process
  const port = socks['']?.port ?? 0
  const before = { seconds: cpuSeconds([pid]), ms: performance.now() }
  for (let visit = 0; visit < visits; visit++) {
    await until('a client reaches the queue', () => isTurnedAway(port), { everyMs: 100 })
  }
  const share = ((cpuSeconds([pid]) - before.seconds) * 1_000) / (performance.now() - before.ms)
  await act.heal()
  using newcomer = stage.agree()
  let welcome = ''
  await until('it takes clients again', async () => {
    try {
      welcome = await (await newcomer.greet(stage.holder)).name(newcomer.digest)
      return true
    } catch {
      return false
    }
  })
  const load = share < idleShare ? 'idle' : `busy with ${Math.round(share * 100)} % of a core`
  return await activated(stage, act, bytestream, ['closed', load, `then ${welcome}`])
}

/** Whether a client who says nothing was in the queue, and is turned away; false when the port was closed. */
async function isTurnedAway(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  let connected = false
  socket.once('close', () => resolve()).resume()
  socket.once('connect', () => {
    connected = true
  })
  await closed
  return connected
}
