import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Expectation, Family, Fault } from '../case.ts'
import { block, type Verdict } from '../namespace.ts'
import type { Stage } from '../stage.ts'

const failed = { by: 'relay', counts: 'splice65_handoffs_total{outcome="failed"}' } as const
const heals = 'both halves wait on, and the next activation joins them'
const refused: Expectation = { clients: 'internal-server-error, then joined, exact', operator: failed, heals }

/** The way from one relay to the other. */
export const peerFaults: Family = {
  name: 'peer',
  about: 'One relay cannot reach the other: its gRPC, or the port of its trunks.',
  stage: { relay: { handoffTimeoutMs: 1_000 } },
  faults: [
    ...(['drop', 'reject'] as const).flatMap((verdict) => [
      filtered('gRPC', verdict, ({ holder }) => holder.rpc.address.port),
      filtered('trunk', verdict, ({ holder }) => holder.trunk.address.port),
    ]),
    {
      fault: 'gRPC of the peer swallows everything, HTTP/2 SETTINGS included',
      async strike({ holder }) {
        // A connection made anew, so that no SETTINGS were ever seen on it.
        holder.rpc.add({ type: 'timeout', timeoutMs: 0 })
        holder.rpc.leadTo({ host: '127.0.0.1', port: Number(holder.process.env.RELAY_RPC_PORT) })
      },
      heal: async ({ holder }) => holder.rpc.clear(),
      at: { waiting: refused },
    },
    {
      fault: 'gRPC of the peer answers garbage',
      strike: (stage) => garbage(stage, 'rpc'),
      heal: async ({ holder }) =>
        holder.rpc.leadTo({ host: '127.0.0.1', port: Number(holder.process.env.RELAY_RPC_PORT) }),
      at: { waiting: refused },
    },
    {
      fault: 'trunk of the peer answers garbage',
      strike: (stage) => garbage(stage, 'trunk'),
      heal: async ({ holder }) =>
        holder.trunk.leadTo({ host: '127.0.0.1', port: Number(holder.process.env.RELAY_TRUNK_PORT) }),
      at: { waiting: refused },
    },
    {
      fault: 'trunk swallows everything',
      strike: async ({ holder }) => void holder.trunk.add({ type: 'timeout', timeoutMs: 0 }),
      heal: async ({ holder }) => holder.trunk.clear(),
      at: { waiting: refused },
    },
    {
      fault: 'trunk is reset',
      strike: async ({ holder }) => void holder.trunk.add({ type: 'reset_peer', timeoutMs: 0 }),
      heal: async ({ holder }) => holder.trunk.clear(),
      at: {
        waiting: refused,
        transfer: {
          clients: 'exact within a relay, reset across',
          operator: { by: 'relay', counts: 'splice65_bytestreams_total{outcome="aborted",reason="reset"}' },
          heals: 'the clients, who were told by a reset, send again',
        },
      },
    },
    {
      fault: 'trunk is slow and cut into small pieces',
      async strike({ holder }) {
        for (const direction of ['upstream', 'downstream'] as const) {
          holder.trunk.add({ type: 'latency', latencyMs: 20, jitterMs: 10 }, direction)
          holder.trunk.add({ type: 'slicer', averageBytes: 4_096, variationBytes: 2_000 }, direction)
        }
      },
      heal: async ({ holder }) => holder.trunk.clear(),
      at: {
        waiting: { clients: 'joined, exact', operator: 'nothing', heals: 'nothing to heal' },
        transfer: { clients: 'exact', operator: 'nothing', heals: 'nothing to heal' },
      },
    },
  ],
}

/** A port of the holder whose packets are dropped or rejected. */
function filtered(port: 'gRPC' | 'trunk', verdict: Verdict, portOf: (stage: Stage) => number): Fault {
  const passage = { unblock: async () => {} }
  const crossing: Record<Verdict, Expectation> = {
    drop: {
      clients: 'exact within a relay, stalls, then exact across',
      operator: 'nothing',
      heals: 'TCP sends again what was lost; after the stall timer both clients are reset',
    },
    reject: {
      clients: 'exact within a relay, reset across',
      operator: { by: 'relay', log: 'bytestream ended' },
      heals: 'the clients, who were told by a reset, send again',
    },
  }
  const transfer: Expectation =
    port === 'trunk'
      ? crossing[verdict]
      : { clients: 'exact', operator: 'nothing', heals: 'nothing to heal: bytes do not go this way' }
  return {
    fault: `packets to the ${port} of the peer: ${verdict}`,
    needs: 'namespace',
    async strike(stage) {
      passage.unblock = await block({ port: portOf(stage) }, verdict)
      stage.afterwards(passage.unblock)
    },
    heal: () => passage.unblock(),
    at: { waiting: refused, transfer },
  }
}

/** Leads a port of the holder to somebody who speaks neither HTTP/2 nor ours. */
async function garbage(stage: Stage, port: 'rpc' | 'trunk'): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(randomBytes(4_096))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stage.afterwards(() => void server.close())
  stage.holder[port].leadTo({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
}
