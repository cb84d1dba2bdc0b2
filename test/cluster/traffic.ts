import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { link, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cli, startCli } from '../../deploy/local/cli.ts'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { until } from '../support/until.ts'
import type { Cluster } from './cluster.ts'
import type { Xmpp } from './xmpp.ts'

/** How the transfers of some traffic went. */
export interface TrafficReport {
  /** Files that arrived as they were. */
  readonly completed: number
  /** What the ends of bytestreams have said that had begun and came to no good end. */
  readonly broken: readonly string[]
  /** What senders have said that came to no bytestream: they may try again. */
  readonly refused: readonly string[]
}

export interface TrafficOptions {
  /** So many transfers run at once; in each lane they follow one another. */
  readonly lanes: number
  /** Size of a file. Over the rate that the relays allow it is how long a transfer takes. */
  readonly bytes: number
}

/** alice sends files to bob, both outside the cluster. Whoever starts it stops it. */
interface Traffic extends AsyncDisposable {
  /** Waits until so many more bytestreams have begun. */
  begun(count: number): Promise<void>
  /** Begins nothing more, waits until all that runs has ended, and tells how everything went. */
  stop(): Promise<TrafficReport>
}

const beginMs = 120_000
/** What the receiver may take to say that it has the whole file, after the sender is done. */
const receiptMs = 20_000

async function startTraffic(cluster: Cluster, xmpp: Xmpp, { lanes, bytes }: TrafficOptions): Promise<Traffic> {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(temporaryFolder('traffic'))
  const content = randomBytes(bytes)
  const sha256 = createHash('sha256').update(content).digest('hex')
  const [source, into, under] = [folder.file('source'), folder.file('into'), cluster.outside]
  await writeFile(source, content)
  await mkdir(into)
  const receive = ['receive', ...xmpp.login('bob'), '--from', xmpp.domain, '--into', into]
  const bob = await startCli(receive, { name: 'bob', logFile: folder.file('bob.log'), until: 'ready', under })
  opened.defer(async () => void (await bob.stop()))

  const broken: string[] = []
  const refused: string[] = []
  let [begun, completed, count, stopping] = [0, 0, 0, false]

  async function drive(): Promise<void> {
    while (!stopping) await transfer(`file-${++count}`)
  }

  async function transfer(name: string): Promise<void> {
    const file = folder.file(name)
    // Under one name it would be the same file again, whose new offer displaces the one that runs.
    await link(source, file)
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
    const alice = await startCli(send, { name, logFile: folder.file(`${name}.log`), under })
    const connected = alice.waitForEvent('connected').then(
      () => {
        begun += 1
      },
      () => {},
    )
    const { code } = await alice.exited.finally(() => alice.stop())
    await connected
    const hasBegun = alice.events().some(({ event }) => event === 'connected')
    if (code === 0 && (await received(bob, name)) === sha256) completed += 1
    else (hasBegun ? broken : refused).push(`${name}: ${alice.lines().slice(-2).join(' ')}`)
    await Promise.all([file, join(into, name)].map((path) => rm(path, { force: true })))
  }

  const running = Promise.all(Array.from({ length: lanes }, drive))
  opened.defer(async () => {
    stopping = true
    await running
  })
  const rest = opened.move()
  return {
    async begun(more) {
      const wanted = begun + more
      await until(`${more} more bytestreams have begun`, () => begun >= wanted, { timeoutMs: beginMs }).catch(
        (cause) => {
          throw new Error(`Cannot keep up the traffic:\n${[...refused, ...broken].join('\n')}`, { cause })
        },
      )
    },
    async stop() {
      await rest.disposeAsync()
      return { completed, broken, refused }
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

/** Does something while files are sent, once every lane has begun; tells how they have all fared. */
export async function sendDuring(
  { cluster, xmpp }: { readonly cluster: Cluster; readonly xmpp: Xmpp },
  options: TrafficOptions,
  work: (begun: Traffic['begun']) => Promise<void>,
): Promise<TrafficReport> {
  await using traffic = await startTraffic(cluster, xmpp, options)
  await traffic.begun(options.lanes)
  await work((count) => traffic.begun(count))
  const report = await traffic.stop()
  console.log(`${report.completed} files arrived, ${report.refused.length} were refused, ${report.broken.length} broke`)
  return report
}

/** Fails unless every bytestream that began has come to a good end, and each lane has sent a file. */
export function assertUnbroken({ broken, completed }: TrafficReport, { lanes }: TrafficOptions): void {
  assert.deepEqual(broken, [])
  assert.ok(completed >= lanes, `${completed} completed`)
}

/** The digest of the file of this name, as the receiver found it; undefined when it has not come. */
async function received(bob: Cli, name: string): Promise<unknown> {
  const isReceipt = (line: string) => {
    const told = line.startsWith('{') ? JSON.parse(line) : {}
    return told.event === 'done' && told.name === name
  }
  const line = await bob.waitForLine(isReceipt, AbortSignal.timeout(receiptMs)).catch(() => undefined)
  return line === undefined ? undefined : JSON.parse(line).sha256
}
