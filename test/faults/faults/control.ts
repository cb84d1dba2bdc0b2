import type { Family } from '../case.ts'
import type { Stage } from '../stage.ts'

const ends = { by: 'control', ends: 'ends, and is started again' } as const
const takesOver = 'another control takes over within a second or two; the same request then succeeds'

/** A control that dies or stops turning. It holds nothing, so another one answers the next request. */
export const controlFaults: Family = {
  name: 'control',
  about:
    'The only control dies or stops. Relays and running bytestreams never notice; activations wait for the next one.',
  faults: [
    {
      fault: 'killed',
      async strike(stage) {
        stage.control.kill('SIGKILL')
        await stage.control.exited
        await stage.controlMissed()
      },
      async heal(stage: Stage) {
        await stage.addControl()
      },
      at: {
        handshake: { clients: 'accepted, remote-server-timeout, then joined, exact', operator: ends, heals: takesOver },
        waiting: { clients: 'remote-server-timeout, then joined, exact', operator: ends, heals: takesOver },
        handoff: { clients: 'no answer, then joined, exact', operator: ends, heals: takesOver },
        transfer: { clients: 'exact', operator: ends, heals: 'nothing to heal: bytes do not go through control' },
      },
    },
    {
      fault: 'told to stop',
      async strike({ control }) {
        control.kill('SIGTERM')
      },
      async heal(stage: Stage) {
        await stage.control.exited
        await stage.addControl()
      },
      at: {
        handoff: { clients: 'joined, exact', operator: ends, heals: 'nothing to heal: it answers first' },
        transfer: { clients: 'exact', operator: ends, heals: 'nothing to heal: bytes do not go through control' },
      },
    },
    {
      fault: 'stopped',
      async strike({ control }) {
        control.kill('SIGSTOP')
      },
      async heal({ control }) {
        control.kill('SIGCONT')
      },
      at: {
        waiting: {
          clients: 'no answer, then joined, exact',
          operator: 'nothing',
          heals: 'it answers when it turns again',
        },
        transfer: { clients: 'exact', operator: 'nothing', heals: 'nothing to heal: bytes do not go through control' },
      },
    },
  ],
}
