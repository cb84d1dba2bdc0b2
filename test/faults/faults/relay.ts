import { until } from '../../support/until.ts'
import type { Family } from '../case.ts'

const reset = { by: 'relay', counts: 'splice65_bytestreams_total{outcome="aborted",reason="reset"}' } as const

/** A relay that dies, leaves, or stops turning. */
export const relayFaults: Family = {
  name: 'relay',
  about: 'The relay that holds the second half dies, leaves or stops; the other one goes on.',
  stage: { relay: { handoffTimeoutMs: 1_000 } },
  faults: [
    {
      fault: 'killed',
      async strike({ holder }) {
        holder.process.kill('SIGKILL')
        await holder.process.exited
      },
      at: {
        handshake: {
          clients: 'accepted and closed, not-allowed',
          operator: { by: 'relay', ends: 'ends: its restarts are counted by whoever starts it' },
          heals: 'the client dials again; the half on the other relay keeps its slot',
        },
        waiting: {
          clients: 'internal-server-error',
          operator: { by: 'control', counts: 'splice65_activations_total{outcome="unavailable"}' },
          heals: 'the client whose half is gone dials again',
        },
        handoff: {
          clients: 'internal-server-error',
          operator: { by: 'relay', counts: 'splice65_handoffs_total{outcome="failed"}' },
          heals: 'the client whose half is gone dials again',
        },
        transfer: {
          clients: 'exact within a relay, reset across',
          operator: reset,
          heals: 'the clients, who were told by a reset, send again',
        },
      },
    },
    {
      fault: 'told to stop',
      async strike(stage) {
        const { holder } = stage
        holder.process.drain()
        stage.afterwards(async () => void (await holder.process.exited))
        await until('new rooms are refused', async () => {
          using stranger = stage.agree()
          return (await (await stranger.greet(holder)).name(stranger.digest)) === 'refused 1'
        })
      },
      at: {
        handshake: {
          clients: 'accepted and refused 1, not-allowed',
          operator: { by: 'relay', log: 'draining: nothing new is taken' },
          heals: 'the client dials another relay; load balancers know by /readyz',
        },
        waiting: {
          clients: 'joined, exact',
          operator: { by: 'relay', log: 'draining: nothing new is taken' },
          heals: 'nothing to heal: what waits is still handed off',
        },
        handoff: {
          clients: 'joined, exact',
          operator: { by: 'relay', log: 'draining: nothing new is taken' },
          heals: 'nothing to heal: the handoff ends',
        },
        transfer: {
          clients: 'exact',
          operator: { by: 'relay', log: 'draining: nothing new is taken' },
          heals: 'nothing to heal: what runs runs to its end, then the relay exits',
        },
      },
    },
    {
      fault: 'stopped',
      async strike({ holder }) {
        holder.process.kill('SIGSTOP')
      },
      async heal({ holder }) {
        holder.process.kill('SIGCONT')
      },
      at: {
        waiting: {
          clients: 'internal-server-error, then joined, exact',
          operator: { by: 'relay', counts: 'splice65_handoffs_total{outcome="failed"}' },
          heals: 'both halves wait on, and the next activation joins them',
        },
        handoff: {
          clients: 'internal-server-error, then joined, exact',
          operator: { by: 'relay', counts: 'splice65_handoffs_total{outcome="failed"}' },
          heals: 'both halves wait on, and the next activation joins them',
        },
        transfer: {
          clients: 'exact within a relay, stalls, then exact across',
          operator: 'nothing',
          heals: 'it goes on where it stopped',
        },
      },
    },
  ],
}
