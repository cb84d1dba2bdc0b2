import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { startCli } from '../../deploy/local/cli.ts'
import { fileSum } from '../../deploy/local/file-sum.ts'
import { type Folder, temporaryFolder } from '../../deploy/local/folder.ts'
import { openStage, type Stage } from './stage.ts'
import { openVolume, type Volume } from './volume.ts'

const courier = 'courier.example.test'
const deadlineMs = 120_000

describe('With a courier, on a real cluster,', () => {
  const opened = new AsyncDisposableStack()
  let stage: Stage
  let volume: Volume
  let folder: Folder

  before(async () => {
    stage = opened.use(await openStage())
    volume = opened.use(await openVolume(stage.namespace))
    folder = opened.use(temporaryFolder('courier'))
  })
  after(() => opened.disposeAsync())

  const on = (title: string, prove: () => Promise<void>) => it(title, () => stage.namespace.explain(prove))

  on('helm install brings it up beside the proxy, with its volume', async () => {
    await stage.release.install({
      exposure: {
        host: [...stage.cluster.nodes.values()][0],
        service: { type: 'NodePort', nodePort: 30777, externalTrafficPolicy: 'Cluster' },
      },
      courier: {
        enabled: true,
        component: { domain: courier },
        publicUrl: 'https://files.example.test',
        persistence: { existingClaim: volume.claim },
        initContainers: volume.owning,
      },
    })
    assert.equal((await stage.release.pods('courier')).length, 1)
  })

  on('a file outlives the restart of courier and relays, and arrives when its recipient logs in', async () => {
    const file = folder.file('letter')
    await writeFile(file, randomBytes(5_000_011))
    await sendOffline(file)

    await stage.release.restart('courier', 'relay')
    await stage.release.rolledOut('courier', 'relay')

    assert.equal(await fileSum(await receive()), await fileSum(file))
  })

  on('helm uninstall leaves nothing but the volume', () => stage.uninstall())

  /** alice leaves a file for bob with the courier, from outside the cluster. */
  async function sendOffline(file: string): Promise<void> {
    const { xmpp, cluster } = stage
    const to = ['--to', `bob@${xmpp.domain}`, '--offline', '--courier', courier]
    const logFile = folder.file('alice.log')
    const alice = await startCli(['send', file, ...xmpp.login('alice'), ...to], {
      name: 'alice',
      logFile,
      under: cluster.outside,
    })
    try {
      await alice.waitForEvent('stored', AbortSignal.timeout(deadlineMs))
      // By stream, and so through the relays.
      assert.equal(alice.events().findLast(({ event }) => event === 'connected')?.method, 's5b')
    } finally {
      await alice.stop()
    }
  }

  /** bob logs in, from outside the cluster; resolves with the file that came for him. */
  async function receive(): Promise<string> {
    const { xmpp, cluster } = stage
    await mkdir(folder.file('bob'))
    const from = ['--courier', courier, '--from', xmpp.domain, '--into', folder.file('bob'), '--once']
    const logFile = folder.file('bob.log')
    const bob = await startCli(['receive', ...xmpp.login('bob'), ...from], {
      name: 'bob',
      logFile,
      under: cluster.outside,
    })
    try {
      return String((await bob.waitForEvent('done', AbortSignal.timeout(deadlineMs))).path)
    } finally {
      await bob.stop()
    }
  }
})
