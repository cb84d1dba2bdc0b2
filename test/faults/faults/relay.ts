import { KeyedTraffic } from '../../support/keyed-traffic.ts'
import { until } from '../../support/until.ts'
import type { Act, Family, Seen } from '../case.ts'
import type { Stage } from '../stage.ts'

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
        // With nothing to wait for it would be gone at once.
        const staying = stage.agree()
        await staying.dial(holder)
        holder.process.drain()
        stage.afterwards(async () => void (await holder.process.exited))
        stage.afterwards(() => staying[Symbol.dispose]())
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
      fault: 'stopped past its lease',
      strike: async ({ holder }) => holder.process.kill('SIGSTOP'),
      heal: async ({ holder }) => holder.process.kill('SIGCONT'),
      at: {
        waiting: {
          clients: 'newcomer refused 2, accepted after the lease, joined, exact, nothing for the other',
          operator: { by: 'relay', log: 'bytestream ended' },
          heals: 'whoever took the slot has it; the relay that was away finds its own taken and registers no more',
          play: outlivesLease,
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

/** The holder is away until the lease of its half is over, and comes back when another client has the slot. */
async function outlivesLease(stage: Stage, act: Act): Promise<Seen> {
  using bytestream = stage.agree()
  await bytestream.dial(stage.owner, stage.holder)
  await act.strike()
  using newcomers = bytestream.again()
  const early = await (await newcomers.greet(stage.owner)).name(bytestream.digest)
  let pair = bytestream.pair
  const tryAgain = async () => {
    const newcomer = await newcomers.greet(stage.owner)
    if ((await newcomer.name(bytestream.digest)) !== 'accepted') return false
    pair = { first: bytestream.pair.first, second: newcomer.socket }
    return true
  }
  await until('the lease is over', tryAgain, { timeoutMs: 45_000, everyMs: 500 })
  await act.heal()
  await stage.holder.process.ready()
  const answer = await bytestream.activate()
  let strays = 0
  bytestream.pair.second.on('data', (chunk: Buffer) => {
    strays += chunk.length
  })
  const traffic = new KeyedTraffic(pair, bytestream.digest)
  await traffic.goesOn()
  const delivery = await traffic.finish()
  const other = strays === 0 ? 'nothing for the other' : 'bytes for the other'
  const clients = `newcomer ${early}, accepted after the lease, ${answer}, ${delivery}, ${other}`
  return { clients, lostBytes: traffic.lostBytes + strays }
}
