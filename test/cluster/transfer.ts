import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startCli } from '../../deploy/local/cli.ts'
import { fileSum } from '../../deploy/local/file-sum.ts'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { abbreviate, digestOf, parseDigest } from '../../services/shared/bytestream/digest.ts'
import { parseJid } from '../../services/shared/bytestream/jid.ts'
import { receiveBySlixmpp, sendBySlixmpp } from '../support/slixmpp.ts'
import type { Cluster } from './cluster.ts'
import type { Xmpp } from './xmpp.ts'

/** What a client knows of the bytestream that carried its file. */
export interface Transferred {
  /** The digest as logs show it. */
  readonly digest: string
  /** The streamhost that was dialled, `host:port`. */
  readonly address: string
}

/** Not a multiple of anything that a buffer is made of. */
const size = 300_123
const deadlineMs = 60_000

/** Sends a file from alice to bob, both outside the cluster, by our command line. Fails unless the same file arrives. */
export async function transferByCli(cluster: Cluster, xmpp: Xmpp): Promise<Transferred> {
  await using files = await prepareFiles()
  const { folder, file, into } = files
  await using cleanup = new AsyncDisposableStack()
  const under = cluster.outside
  const receive = ['receive', ...xmpp.login('bob'), '--from', xmpp.domain, '--into', into, '--once']
  const bob = await startCli(receive, { name: 'bob', logFile: folder.file('bob.log'), until: 'ready', under })
  cleanup.defer(async () => void (await bob.stop()))
  const send = [
    'send',
    file,
    ...xmpp.login('alice'),
    '--to',
    `bob@${xmpp.domain}`,
    '--protocol',
    'si',
    '--method',
    's5b',
    '--no-direct',
  ]
  const alice = await startCli(send, { name: 'alice', logFile: folder.file('alice.log'), under })
  cleanup.defer(async () => void (await alice.stop()))

  const signal = AbortSignal.timeout(deadlineMs)
  const told = async (kind: string) =>
    await alice.waitForEvent(kind, signal).catch(failWith(alice.logFile, bob.logFile))
  await told('done')
  await bob.waitForEvent('done', signal).catch(failWith(alice.logFile, bob.logFile))
  await files.assertArrived()
  const [ready, offered, connected] = [await told('ready'), await told('offered'), await told('connected')]
  const { streamhost } = connected as unknown as { streamhost: { host: string; port: number } }
  const digest = digestOf(String(offered.sid), parseJid(String(ready.jid)), parseJid(String(offered.peer)))
  return { digest: abbreviate(digest), address: `${streamhost.host}:${streamhost.port}` }
}

/** The same by slixmpp at both ends. */
export async function transferBySlixmpp(cluster: Cluster, xmpp: Xmpp): Promise<Transferred> {
  await using files = await prepareFiles()
  const { folder, file, into } = files
  await using cleanup = new AsyncDisposableStack()
  const account = (user: string) => ({ server: xmpp, user, password: user, under: cluster.outside })
  const destination = join(into, 'sent.bin')
  const bob = await receiveBySlixmpp(account('bob'), { destination, logFile: folder.file('bob.log') })
  cleanup.defer(async () => void (await bob.stop()))
  const to = `bob@${xmpp.domain}/slix`
  const alice = await sendBySlixmpp(account('alice'), { to, file, method: 's5b', logFile: folder.file('alice.log') })
  cleanup.defer(async () => void (await alice.stop()))
  for (const end of [alice, bob]) {
    const exit = await end.exited
    assert.deepEqual(exit, { code: 0, signal: null }, [...alice.lines(), ...bob.lines()].join('\n'))
  }
  await files.assertArrived()
  const connected = await alice.waitForEvent('connected')
  const digest = parseDigest(String(connected.digest))
  assert.ok(digest, 'slixmpp tells the digest')
  return { digest: abbreviate(digest), address: `${connected.host}:${connected.port}` }
}

async function prepareFiles() {
  const folder = temporaryFolder('cluster')
  const [file, into] = [folder.file('sent.bin'), folder.file('into')]
  await writeFile(file, randomBytes(size))
  await mkdir(into)
  return {
    folder,
    file,
    into,
    async assertArrived() {
      assert.equal(await fileSum(join(into, 'sent.bin')), await fileSum(file), 'the file arrives as it was')
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  }
}

function failWith(...logFiles: readonly string[]): (error: unknown) => Promise<never> {
  return async (cause) => {
    const logs = await Promise.all(logFiles.map((each) => readFile(each, 'utf8').catch(String)))
    throw new Error(`Cannot send a file from outside the cluster:\n${logs.join('\n')}`, { cause })
  }
}
