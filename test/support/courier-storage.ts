import { temporaryFolder } from '../../deploy/local/folder.ts'
import { type CourierEvents, createCourierEvents } from '../../services/courier/events.ts'
import { openRecords } from '../../services/courier/records/open.ts'
import type { Records } from '../../services/courier/records/records.ts'
import type { BlobStore } from '../../services/courier/store/blobs.ts'
import { openBlobs } from '../../services/courier/store/open.ts'
import { createMetrics, type Metrics } from '../../services/shared/runtime/metrics.ts'
import { recordingLog } from './recording-log.ts'

/** Settings of a courier whose blobs are in an object store. */
export type ObjectStore = Readonly<Record<'blobsUrl' | 's3AccessKeyId' | 's3SecretAccessKey', string>>

/** What a courier keeps things in: blobs on disk unless told otherwise, and records in PGlite, below one folder. */
export interface CourierStorage extends AsyncDisposable {
  /** `dataFolder` of a courier. */
  readonly folder: string
  readonly records: Records
  readonly blobs: BlobStore
  readonly events: CourierEvents
  readonly metrics: Metrics
  /** Level and message of every log line. */
  readonly lines: readonly string[]
}

/**
 * Opens them, in a temporary folder that goes when they are disposed of, unless one is given. That takes two seconds or so:
 * once for a file of tests is enough.
 */
export async function openCourierStorage(
  given?: string,
  { keepFreeBytes = 0, ...elsewhere }: { readonly keepFreeBytes?: number } & Partial<ObjectStore> = {},
): Promise<CourierStorage> {
  const temporary = given === undefined ? temporaryFolder('courier') : undefined
  const folder = given ?? temporary?.path ?? '.'
  const { log, lines } = recordingLog()
  const metrics = createMetrics('courier', { ofProcess: false })
  const records = await openRecords({ databaseUrl: 'pglite:', dataFolder: folder })
  const place = { blobsUrl: 'disk:', s3AccessKeyId: undefined, s3SecretAccessKey: undefined, ...elsewhere }
  const blobs = await openBlobs({ ...place, dataFolder: folder, keepFreeBytes, maxFileBytes: 1 << 30 })
  return {
    folder,
    records,
    blobs,
    events: createCourierEvents({ log, metrics }),
    metrics,
    lines,
    async [Symbol.asyncDispose]() {
      await blobs.close()
      await records.close()
      await temporary?.remove()
    },
  }
}
