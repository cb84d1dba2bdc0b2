import assert from 'node:assert/strict'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { requireSlixmpp } from '../support/slixmpp.ts'
import { until } from '../support/until.ts'
import { type Cluster, images, openCluster } from './cluster.ts'
import { type Namespace, openNamespace } from './namespace.ts'
import { Release } from './release.ts'
import { installProsody, type Xmpp } from './xmpp.ts'

/** A namespace with an XMPP server and the images of today, in which a release can be installed. */
export interface Stage extends AsyncDisposable {
  readonly cluster: Cluster
  readonly namespace: Namespace
  readonly xmpp: Xmpp
  readonly release: Release
  /** The line in which a relay tells how the bytestream of this digest ended. */
  storyOf(digest: string): Promise<Story>
  /** The bytestreams that run now. */
  running(): Promise<Running[]>
  /** Has a replica of control run a command of operators, such as `['ls']`; returns what it prints. */
  operator(args: readonly string[]): Promise<string>
  /** Fails unless the release is uninstalled and nothing of it is left. */
  uninstall(): Promise<void>
}

/** A line of a relay's log, about the end of a bytestream. */
export interface Story {
  /** The relay that owned the bytestream. */
  readonly pod: string
  readonly path: 'local' | 'handoff'
  /** The relay that had the other half, when that was another one. */
  readonly peer?: string
}

/** What `splice65 ls` tells of a bytestream. */
export interface Running {
  /** The relay that owns the bytestream. */
  readonly relay: string
  /** The relay that has the other half; empty when that is the same one. */
  readonly peerRelay: string
  readonly ageMs: number
}

/** Builds what is needed, and returns when Prosody takes connections. Whoever opens it disposes of it. */
export async function openStage(): Promise<Stage> {
  requireSlixmpp()
  const cluster = await openCluster()
  for (const image of [images.splice65, images.prosody]) await cluster.provide(image)
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(temporaryFolder('cluster'))
  const namespace = opened.use(await openNamespace(cluster))
  const xmpp = await namespace.explain(() => installProsody(namespace, folder))
  const release = new Release(namespace)
  const operator: Stage['operator'] = (args) =>
    namespace.kubectl(['exec', release.workload('control'), '--', 'splice65', ...args])
  const rest = opened.move()
  return {
    cluster,
    namespace,
    xmpp,
    release,
    async storyOf(digest) {
      const find = async () =>
        (await release.relayLog()).find((line) => line.msg === 'bytestream ended' && line.digest === digest)
      await until(`a relay has told of ${digest}`, async () => (await find()) !== undefined)
      const story = await find()
      assert.ok(story)
      return story as unknown as Story
    },
    async running() {
      const lines = (await operator(['ls', '--json'])).trim().split('\n')
      return lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'bytestream')
    },
    operator,
    async uninstall() {
      await release.uninstall()
      const kinds = (await namespace.kubectl(['api-resources', '--verbs=list', '--output=name'])).trim().split('\n')
      // Objects of the whole cluster too. Events stay for an hour, whatever they are about.
      const looked = kinds.filter((kind) => !kind.startsWith('events')).join(',')
      const left = ['get', looked, '--all-namespaces', `--selector=${release.selector()}`, '--output=name']
      // Endpoints go right after their Service.
      await until('nothing of the release is left', async () => (await namespace.kubectl(left)) === '', {
        timeoutMs: 60_000,
      })
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}
