import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '../support/until.ts'
import { isReady, type Pod } from './namespace.ts'
import { openStage, type Running, type Stage } from './stage.ts'
import { assertUnbroken, sendDuring } from './traffic.ts'

/** 8 s a transfer: longer than relays take to go when nothing runs on them. */
const load = { lanes: 4, bytes: 8_000_000 }
const streamRateBytes = 1_000_000
/** A bytestream as young as this has as long before it: it is under way when the drain reaches its relay. */
const youngMs = 4_000
/** Half a minute, where nothing else has the processors. */
const drainMs = 240_000

describe('When a node is drained, on a real cluster,', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage?.[Symbol.asyncDispose]())

  const onTwoNodes = (title: string, prove: (stage: Stage) => Promise<void>) =>
    it(title, async (test) => {
      // Where pods have nowhere else to go, a drain never ends.
      if (stage.cluster.nodes.size < 2) return test.skip('NOT PLAYED: it takes two nodes, and this cluster has one')
      await stage.namespace.explain(() => prove(stage))
    })
  const relays = () => stage.release.pods('relay')
  /** Tells the pods of this test from whatever else runs on the node. */
  const label = () => ['splice65-stage', stage.namespace.name] as const

  onTwoNodes('one node has two relays and a control, and another has relays too', async ({ cluster, release }) => {
    await release.install({
      commonLabels: Object.fromEntries([label()]),
      exposure: {
        host: [...cluster.nodes.values()][0],
        // Any node sends a client to any relay, so that halves part.
        service: { type: 'NodePort', nodePort: 30777, externalTrafficPolicy: 'Cluster' },
      },
      control: { replicas: cluster.nodes.size },
      relay: { replicas: cluster.nodes.size + 1, options: { streamRateBytes } },
    })
    const full = isOn(fullest(await relays()))
    const counts = [(await relays()).filter(full).length, (await release.pods('control')).filter(full).length]
    assert.deepEqual(counts, [2, 1])
  })

  onTwoNodes(
    'its relays go one after the other, others carry what comes, one comes back later, and no stream breaks',
    async ({ cluster, namespace }) => {
      const all = await relays()
      const node = fullest(all)
      const leaving = all.filter(isOn(node)).map(nameOf)
      const report = await sendDuring(stage, load, async (begun) => {
        await untilOneRuns(
          'that is young and has one half on the node',
          ({ relay, peerRelay, ageMs }) =>
            ageMs < youngMs && peerRelay !== '' && leaving.includes(relay) !== leaving.includes(peerRelay),
        )
        try {
          const fewest = await fewestRelaysDuring(drain(node))
          assert.ok(fewest >= all.length - 1, `${fewest} of ${all.length} relays were left`)
          await Promise.all([untilReady(all.length), begun(load.lanes)])
          assert.deepEqual((await namespace.pods(label().join('='))).filter(isOn(node)).map(nameOf), [])
        } finally {
          await cluster.kubectl(['uncordon', node])
        }
        const [returning = ''] = leaving
        // Kubernetes moves nothing that runs for the sake of balance.
        await namespace.kubectl(['delete', `pod/${returning}`])
        await untilReady(all.length)
        assert.deepEqual((await relays()).filter(isOn(node)).map(nameOf), [returning])
        await untilOneRuns('on that node again', ({ relay, peerRelay }) => [relay, peerRelay].includes(returning))
      })
      assertUnbroken(report, load)
    },
  )

  onTwoNodes('helm uninstall leaves nothing', () => stage.uninstall())

  async function untilReady(count: number): Promise<void> {
    const areReady = (pods: readonly Pod[]) => pods.length === count && pods.every(isReady)
    await until(`${count} relays are ready`, async () => areReady(await relays()), { timeoutMs: 120_000, everyMs: 500 })
  }

  async function untilOneRuns(what: string, chosen: (bytestream: Running) => boolean): Promise<void> {
    await until(`a bytestream runs ${what}`, async () => (await stage.running()).some(chosen), { timeoutMs: 180_000 })
  }

  /** The pods of this test alone: the XMPP server, for one, would take the clients' sessions with it. */
  function drain(node: string): Promise<string> {
    const flags = ['--ignore-daemonsets', '--delete-emptydir-data', `--timeout=${drainMs}ms`]
    return stage.cluster.kubectl(['drain', node, `--pod-selector=${label().join('=')}`, ...flags], {
      timeoutMs: drainMs + 10_000,
    })
  }

  /** Waits for something; resolves with the fewest relays that were there meanwhile and not told to go. */
  async function fewestRelaysDuring(work: Promise<unknown>): Promise<number> {
    let [fewest, over] = [Number.POSITIVE_INFINITY, false]
    const look = async () => {
      const staying = (await relays()).filter(({ metadata }) => !metadata.deletionTimestamp)
      fewest = Math.min(fewest, staying.length)
      return over
    }
    const ending = work.finally(() => {
      over = true
    })
    // A relay that was told to go takes seconds: none goes between two looks.
    await Promise.all([ending, until('that is over', look, { timeoutMs: drainMs + 20_000, everyMs: 500 })])
    return fewest
  }
})

/** The node that has most of these. */
function fullest(pods: readonly Pod[]): string {
  const countOn = (node: string) => pods.filter(isOn(node)).length
  const [node] = pods.map(({ spec }) => spec.nodeName ?? '').sort((a, b) => countOn(b) - countOn(a))
  assert.ok(node)
  return node
}

function isOn(node: string): (pod: Pod) => boolean {
  return ({ spec }) => spec.nodeName === node
}

function nameOf({ metadata }: Pod): string {
  return metadata.name
}
