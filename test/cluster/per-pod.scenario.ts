import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '../support/until.ts'
import type { Pod } from './namespace.ts'
import type { Values } from './release.ts'
import { openStage, type Stage } from './stage.ts'
import { type Transferred, transferByCli, transferBySlixmpp } from './transfer.ts'

const base = 31_777

/** A way to give each relay an address of its own. */
interface Mode {
  readonly mode: string
  readonly exposure: Values
  /** The address that the mode gives to a relay, `host:port`. */
  addressOf(stage: Stage, relay: Pod): Promise<string>
}

const modes: readonly Mode[] = [
  {
    mode: 'nodePortPerPod',
    exposure: { addressFrom: 'hostIP', service: { nodePortBase: base } },
    addressOf: async (_stage, relay) => `${relay.status.hostIP}:${base + ordinalOf(relay)}`,
  },
  {
    mode: 'hostPort',
    exposure: { addressFrom: 'hostIP', port: 7777 },
    addressOf: async (_stage, relay) => `${relay.status.hostIP}:7777`,
  },
  {
    mode: 'hostNetwork',
    exposure: { addressFrom: 'hostIP', port: 7777 },
    addressOf: async (_stage, relay) => `${relay.status.hostIP}:7777`,
  },
  {
    mode: 'loadBalancerPerPod',
    exposure: { port: 7777 },
    addressOf: async (stage, relay) => `${await ingressOf(stage, relay)}:7777`,
  },
]

for (const { mode, exposure, addressOf } of modes) {
  describe(`With ${mode}, on a real cluster,`, () => {
    let stage: Stage
    before(async () => {
      stage = await openStage()
    })
    after(() => stage?.[Symbol.asyncDispose]())

    const on = (title: string, prove: () => Promise<void>) => it(title, () => stage.namespace.explain(prove))
    const relays = () => stage.release.pods('relay')

    on('helm install brings up relays that have an address each', async () => {
      // Two relays cannot have the same port of one node.
      const replicas = Math.min(2, stage.cluster.nodes.size)
      await stage.release.install({ exposure: { mode, ...exposure }, relay: { replicas } }, { wait: false })
      await until('every relay is on a node', async () => {
        const pods = await relays()
        return pods.length === replicas && pods.every(({ spec }) => spec.nodeName)
      })
      if (mode === 'loadBalancerPerPod') {
        for (const { metadata, spec } of await relays()) {
          await stage.cluster.giveAddress(stage.namespace.name, metadata.name, spec.nodeName ?? '')
        }
      }
      await stage.release.rolledOut('control', 'relay')
    })

    for (const [client, transfer] of [
      ['the command line', transferByCli],
      ['slixmpp', transferBySlixmpp],
    ] as const) {
      on(`a file sent by ${client} from outside arrives, by the address of the relay that carried it`, async () => {
        await assertCarriedAt(await transfer(stage.cluster, stage.xmpp))
      })
    }

    on('helm test sends bytes through every address', async () => {
      const said = await stage.release.test()
      for (const relay of await relays()) assert.match(said, new RegExp(`ok +relay ${relay.metadata.name}`))
    })

    on('a relay that an operator drains is told to nobody, and another carries what comes', async () => {
      const [first, other] = await relays()
      assert.ok(first)
      const own = await addressOf(stage, first)
      await stage.operator(['drain', first.metadata.name])
      let carried: Transferred | undefined
      await until('clients are told of it no more', async () => {
        // Without another relay nothing can be sent.
        carried = await transferByCli(stage.cluster, stage.xmpp).catch(() => undefined)
        return carried?.address !== own
      })
      assert.equal(carried?.address, other && (await addressOf(stage, other)))
      await stage.operator(['drain', first.metadata.name, '--undo'])
    })

    on('helm uninstall leaves nothing', () => stage.uninstall())

    /** Fails unless the relay that carried it is the one whose address was dialled. */
    async function assertCarriedAt({ digest, address }: Transferred): Promise<void> {
      const { pod, path } = await stage.storyOf(digest)
      const owner = (await relays()).find(({ metadata }) => metadata.name === pod)
      assert.ok(owner)
      assert.deepEqual({ address, path }, { address: await addressOf(stage, owner), path: 'local' })
    }
  })
}

function ordinalOf({ metadata }: Pod): number {
  return Number(metadata.name.split('-').at(-1))
}

/** The address that a load balancer has for a relay. */
function ingressOf({ namespace }: Stage, { metadata }: Pod): Promise<string> {
  return namespace.kubectl(['get', 'service', metadata.name, '--output=jsonpath={.status.loadBalancer.ingress[0].ip}'])
}
