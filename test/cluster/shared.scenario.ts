import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '../support/until.ts'
import { images } from './cluster.ts'
import { isReady } from './namespace.ts'
import { openStage, type Stage } from './stage.ts'
import { assertUnbroken, sendDuring } from './traffic.ts'
import { type Transferred, transferByCli, transferBySlixmpp } from './transfer.ts'

/** 12 s a transfer: long enough that each restart meets some, short enough to wait for. */
const load = { lanes: 4, bytes: 12_000_000 }
const streamRateBytes = 1_000_000

describe('With one address for all relays, on a real cluster,', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
    await stage.cluster.provide(images.prometheus)
    await stage.namespace.explain(() => stage.namespace.apply('prometheus.yaml', 'prometheus'))
  })
  after(() => stage?.[Symbol.asyncDispose]())
  const on = (title: string, prove: (stage: Stage) => Promise<void>) =>
    it(title, () => stage.namespace.explain(() => prove(stage)))

  const values = (relay: object = {}) => ({
    exposure: {
      host: [...stage.cluster.nodes.values()][0],
      // Any node sends a client to any relay, so that halves part.
      service: { type: 'NodePort', nodePort: 30777, externalTrafficPolicy: 'Cluster' },
    },
    relay: { options: { streamRateBytes, ...relay } },
  })

  on('helm install brings up two of each, and relays on different nodes', async ({ cluster, release }) => {
    await release.install(values())
    const [controls, relays] = [await release.pods('control'), await release.pods('relay')]
    assert.deepEqual([controls.length, relays.length], [2, 2])
    assert.ok([...controls, ...relays].every(isReady))
    assert.equal(new Set(relays.map(({ spec }) => spec.nodeName)).size, Math.min(2, cluster.nodes.size))
  })

  on(
    'the image runs as nobody special, on a file system that it cannot write, and splices',
    async ({ namespace, release }) => {
      const [relay] = await release.pods('relay')
      assert.ok(relay)
      const write = `(() => { try { fs.writeFileSync('/app/x', '') } catch (error) { return error.code } })()`
      assert.equal(await release.evaluate(relay.metadata.name, 'process.getuid()'), '1000')
      assert.equal(await release.evaluate(relay.metadata.name, write), 'EROFS')
      assert.match(
        await namespace.kubectl(['exec', relay.metadata.name, '--', 'splice65', '--help']),
        /Usage: splice65/,
      )
      const started = (await release.relayLog()).filter(({ msg }) => msg === 'relay started')
      assert.deepEqual(
        started.map(({ engine }) => engine),
        ['splice', 'splice'],
      )
    },
  )

  on('helm test sends bytes through every relay', async ({ release }) => {
    const said = await release.test()
    for (const relay of await release.pods('relay')) assert.match(said, new RegExp(`ok +relay ${relay.metadata.name}`))
  })

  for (const [client, transfer] of [
    ['the command line', transferByCli],
    ['slixmpp', transferBySlixmpp],
  ] as const) {
    on(
      `a file sent by ${client} from outside arrives, with its halves on different pods and nodes`,
      async ({ cluster, xmpp, release, storyOf }) => {
        // Where a connection goes is chance: one half.
        const { digest } = await transferUntil('handoff', () => transfer(cluster, xmpp))
        const story = await storyOf(digest)
        const relays = new Map((await release.pods('relay')).map((pod) => [pod.metadata.name, pod.spec.nodeName]))
        const places = [story.pod, story.peer ?? story.pod].map((pod) => relays.get(pod))
        assert.equal(new Set(places).size, Math.min(2, cluster.nodes.size), `on ${places.join(' and ')}`)
      },
    )
  }

  on('every relay and control pod is replaced during transfers, and no stream breaks', async ({ release }) => {
    const before = await podIds()
    const report = await sendDuring(stage, load, async (begun) => {
      await release.restart('control', 'relay')
      await release.rolledOut('control', 'relay')
      await begun(load.lanes)
    })
    const after = await podIds()
    assert.deepEqual(
      after.filter((id) => before.includes(id)),
      [],
    )
    assertUnbroken(report, load)
  })

  on('relays go from two to four and back during transfers, and no stream breaks', async () => {
    const report = await sendDuring(stage, load, async (begun) => {
      await scale(4)
      await begun(2 * load.lanes)
      await scale(2)
    })
    assertUnbroken(report, load)
    assert.deepEqual(report.refused, [])
  })

  on(
    'Redis is replaced during transfers, which begin and end meanwhile, and no stream breaks',
    async ({ namespace, release }) => {
      const [redis] = await release.pods('redis')
      assert.ok(redis)
      const report = await sendDuring(stage, load, async (begun) => {
        await namespace.kubectl(['delete', 'pod', redis.metadata.name, '--wait=false'])
        await begun(load.lanes)
        await namespace.gone([`pod/${redis.metadata.name}`])
        await release.rolledOut('redis')
        await begun(load.lanes)
      })
      assertUnbroken(report, load)
      assert.deepEqual(report.refused, [])
    },
  )

  on(
    'helm upgrade changes an option during transfers, helm rollback takes it back, and no stream breaks',
    async ({ release }) => {
      const option = async () => {
        const relays = await release.pods('relay')
        const names = relays.map(({ metadata }) => metadata.name)
        return Promise.all(names.map((name) => release.evaluate(name, 'process.env.RELAY_IDLE_TIMEOUT_MS')))
      }
      assert.deepEqual(await option(), ['undefined', 'undefined'])
      const report = await sendDuring(stage, load, async () => {
        await release.upgrade(values({ idleTimeoutMs: 300_000 }))
        assert.deepEqual(await option(), ['300000', '300000'])
        await release.rollback()
        assert.deepEqual(await option(), ['undefined', 'undefined'])
      })
      assertUnbroken(report, load)
    },
  )

  on('Prometheus has the metrics of every pod there was', async ({ release }) => {
    const pods = [...(await release.pods('control')), ...(await release.pods('relay'))]
    await until('Prometheus has scraped every pod', async () => {
      const scraped = (await query('splice65_build_info')).map(({ metric }) => metric.instance?.split(':')[0])
      return pods.every(({ status }) => scraped.includes(status.podIP))
    })
    // Of relays that are gone, too.
    const broken = await query('max_over_time(splice65_bytestreams_total{outcome!="completed"}[1h]) > 0')
    assert.deepEqual(broken, [])
    const [relayed] = await query('sum(max_over_time(splice65_relayed_bytes_total[1h]))')
    assert.ok(Number(relayed?.value[1]) > load.lanes * load.bytes)
  })

  on(
    'relays that are killed break what they carried, which this traffic shows, and new ones carry on',
    async ({ namespace, release }) => {
      const report = await sendDuring(stage, load, async (begun) => {
        const now = ['--force', '--grace-period=0']
        await namespace.kubectl(['delete', 'pods', `--selector=${release.selector('relay')}`, ...now])
        await release.rolledOut('relay')
        await begun(load.lanes)
      })
      assert.ok(report.broken.length > 0)
      assert.ok(report.completed >= load.lanes)
    },
  )

  on('helm uninstall leaves nothing', () => stage.uninstall())

  async function transferUntil(path: string, transfer: () => Promise<Transferred>): Promise<Transferred> {
    for (let attempt = 1; attempt <= 20; attempt++) {
      const transferred = await transfer()
      if ((await stage.storyOf(transferred.digest)).path === path) return transferred
    }
    throw new Error(`Cannot show a bytestream whose path is ${path}: none of 20 was`)
  }

  async function podIds(): Promise<string[]> {
    return [...(await stage.release.pods('control')), ...(await stage.release.pods('relay'))].map(
      ({ metadata }) => metadata.uid,
    )
  }

  async function scale(relays: number): Promise<void> {
    const leaving = (await stage.release.pods('relay')).slice(relays).map(({ metadata }) => `pod/${metadata.name}`)
    await stage.namespace.kubectl(['scale', stage.release.workload('relay'), `--replicas=${relays}`])
    await stage.namespace.gone(leaving)
    await stage.release.rolledOut('relay')
  }

  async function query(expression: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> {
    const path = `/api/v1/query?query=${encodeURIComponent(expression)}`
    return JSON.parse(await stage.namespace.get('services/prometheus:9090', path)).data.result
  }
})
