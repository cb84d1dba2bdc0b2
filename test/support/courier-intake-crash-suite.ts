import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { Retention } from '../../services/courier/parcels/retention.ts'
import { openVerifiedBlob } from '../../services/courier/store/verified-blob.ts'
import { systemClock } from '../../services/shared/runtime/clock.ts'
import { type KillPoint, killPoints } from '../../services/shared/runtime/kill-point.ts'
import { atEnd } from './at-end.ts'
import { bytesOf, draftOf, receptionOf } from './courier-intake.ts'
import { type CourierStorage, type ObjectStore, openCourierStorage } from './courier-storage.ts'

const program = fileURLToPath(new URL('courier-intake-process.ts', import.meta.url))
const bob = 'bob@example.com'
const committed = killPoints.indexOf('parcel-committed')
/** Kill points that only the other kind of store has. */
const foreign = { disk: 'parcel-put', s3: 'parcel-renamed' } as const

/**
 * What comes of an intake that is killed at any of its steps, on either kind of blob store; `resumable` are those after
 * which the sender need not begin again.
 */
export function courierIntakeCrashSuite({
  on,
  newStore = () => undefined,
  resumable,
}: {
  readonly on: 'disk' | 's3'
  /** A place of its own for each test. Left out: on disk. */
  readonly newStore?: () => ObjectStore | undefined
  readonly resumable: readonly KillPoint[]
}): void {
  const intakePoints = killPoints
    .slice(killPoints.indexOf('parcel-reserved'), committed + 1)
    .filter((point) => point !== foreign[on])

  describe(`a courier with blobs on ${on} that is killed while it takes a parcel in`, () => {
    for (const point of intakePoints) {
      const isCommitted = point === 'parcel-committed'

      it(`has lost nothing that it acknowledged and shows nothing unfinished, killed at ${point}`, async (t) => {
        await using storage = await storageAfterKill(t, point, newStore())
        const waiting = await storage.records.waitingFor(bob)
        assert.deepEqual(
          waiting.map(({ name }) => name),
          isCommitted ? ['first', 'second'] : ['first'],
        )
        for (const parcel of waiting) assert.deepEqual(await read(storage, parcel), bytesOf(parcel.name))
        assert.equal((await storage.records.totals()).receivingBytes, isCommitted ? 0 : draftOf('second').size)

        // What was never finished is given up in time, and its quota and its bytes are free.
        const retention = new Retention(
          { ...storage, clock: systemClock },
          { abandonAfterMs: 0, disposeAfterMs: 0, forgetAfterMs: 0, retentionIntervalMs: 1, reconcileIntervalMs: 1 },
        )
        await retention.clear()
        const keys = (await Array.fromAsync(storage.blobs.list())).map(({ key }) => key)
        assert.deepEqual(keys.sort(), waiting.map(({ blob }) => blob).sort())
        const another = receptionOf(storage).accept(draftOf('third'))
        if (isCommitted) await assert.rejects(another, { code: 'over-limit' })
        else await (await another).discard()
      })
    }

    for (const point of [...resumable, 'parcel-durable'] as const) {
      it(`lets the sender continue, killed at ${point}`, async (t) => {
        await using storage = await storageAfterKill(t, point, newStore())
        const incoming = await receptionOf(storage).accept(draftOf('second'))
        const bytes = bytesOf('second')
        await incoming.write(bytes.subarray(incoming.offset))
        assert.deepEqual(await read(storage, await incoming.finish()), bytes)
        assert.equal(incoming.offset, point === 'parcel-durable' ? 0 : bytes.length - 1)
      })
    }
  })
}

/** What is left when a process was killed at this point of its second parcel. */
async function storageAfterKill(
  t: TestContext,
  point: KillPoint,
  store: ObjectStore | undefined,
): Promise<CourierStorage> {
  const folder = temporaryFolder('courier')
  atEnd(t, () => folder.remove())
  const args = [program, folder.path, point, ...(store ? [JSON.stringify(store)] : [])]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said, [, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  assert.equal(signal, 'SIGKILL')
  assert.equal(said, 'first\n')
  return await openCourierStorage(folder.path, store)
}

async function read(storage: CourierStorage, parcel: Parameters<typeof openVerifiedBlob>[1]): Promise<Buffer> {
  const blob = await openVerifiedBlob(storage, parcel)
  return Buffer.concat(await Array.fromAsync(blob.read()))
}
