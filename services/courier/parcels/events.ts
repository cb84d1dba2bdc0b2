import { Counter, Gauge, Histogram } from 'prom-client'
import type { Logger } from '../../shared/runtime/log.ts'
import type { Metrics } from '../../shared/runtime/metrics.ts'
import type { Quotas, Records } from '../records/records.ts'
import { type Parcel, type ParcelDraft, type ParcelOutcome, parcelOutcomes } from './parcel.ts'
import type { Verdict } from './scan.ts'

type Totals = Awaited<ReturnType<Records['totals']>>

/** What is told of parcels coming in and going: by number, never by the name of a file. */
export interface ParcelEvents {
  /** It begins to come in, or goes on after so many bytes of an earlier attempt. */
  parcelAccepted(parcel: Parcel, terms: { readonly resumedAt: number }): void
  quotaExceeded(limit: keyof Quotas, draft: ParcelDraft): void
  parcelScanned(parcel: Parcel, scan: { readonly verdict: Verdict | 'none'; readonly error?: unknown }): void
  parcelStored(parcel: Parcel, terms: { readonly durationMs: number }): void
  /** The disk, the object store or the database did not take it; nothing of it is left. */
  parcelGivenUp(parcel: Parcel, error: unknown): void
  /** Time has ended so many. */
  parcelsEnded(outcomes: readonly ParcelOutcome[]): void
  blobDamaged(parcel: Parcel): void
  /** Blobs that no record knows were taken away. */
  garbageCollected(blobs: number): void
  retentionFailed(error: unknown): void
  /** What is kept now. */
  parcelsKept(totals: Totals): void
}

const limits = [
  ...(['bytesPerSender', 'parcelsPerSender', 'dailyBytesPerSender'] as const),
  ...(['bytesPerRecipient', 'parcelsPerRecipient', 'totalBytes'] as const),
] satisfies readonly (keyof Quotas)[]

/** Builds them. */
export function createParcelEvents({
  log,
  metrics,
}: {
  readonly log: Logger
  readonly metrics: Metrics
}): ParcelEvents {
  const registers = [metrics]
  const accepted = new Counter({
    name: 'splice65_courier_parcels_accepted_total',
    help: 'Parcels that began to come in, by whether an earlier attempt is continued.',
    labelNames: ['resumed'],
    registers,
  })
  for (const resumed of ['yes', 'no']) accepted.inc({ resumed }, 0)
  const refused = new Counter({
    name: 'splice65_courier_quota_refusals_total',
    help: 'Parcels refused because of a quota, by which.',
    labelNames: ['limit'],
    registers,
  })
  for (const limit of limits) refused.inc({ limit }, 0)
  const scans = new Counter({
    name: 'splice65_courier_scans_total',
    help: 'Files that were scanned, by the verdict; none: the scanner gave no verdict.',
    labelNames: ['verdict'],
    registers,
  })
  for (const verdict of ['clean', 'infected', 'none']) scans.inc({ verdict }, 0)
  const stored = new Counter({
    name: 'splice65_courier_parcels_stored_total',
    help: 'Parcels that were stored.',
    registers,
  })
  const storedBytes = new Counter({
    name: 'splice65_courier_stored_bytes_total',
    help: 'Bytes of parcels that were stored.',
    registers,
  })
  const seconds = new Histogram({
    name: 'splice65_courier_receive_duration_seconds',
    help: 'From the first byte of the last attempt to the commit.',
    buckets: [0.05, 0.1, 0.5, 1, 5, 10, 60, 600, 3600],
    registers,
  })
  const givenUp = new Counter({
    name: 'splice65_courier_parcels_given_up_total',
    help: 'Parcels that could not be stored because the disk, the object store or the database did not take them.',
    registers,
  })
  const ended = new Counter({
    name: 'splice65_courier_parcels_timed_out_total',
    help: 'Parcels that time has ended, by outcome: delivered ones were fetched before.',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of parcelOutcomes.filter((each) => ['expired', 'abandoned', 'delivered'].includes(each))) {
    ended.inc({ outcome }, 0)
  }
  const damaged = new Counter({
    name: 'splice65_courier_blobs_damaged_total',
    help: 'Blobs that were not what had been stored. They are in quarantine.',
    registers,
  })
  const garbage = new Counter({
    name: 'splice65_courier_garbage_blobs_total',
    help: 'Blobs that no record knew, taken away.',
    registers,
  })
  const failures = new Counter({
    name: 'splice65_courier_retention_failures_total',
    help: 'Times that old parcels could not be cleared.',
    registers,
  })
  const kept = new Gauge({
    name: 'splice65_courier_parcels',
    help: 'Parcels that are being received or kept, in the whole database.',
    registers,
  })
  const keptBytes = new Gauge({
    name: 'splice65_courier_bytes',
    help: 'Bytes of parcels in the whole database: stored, or reserved for what is being received.',
    labelNames: ['state'],
    registers,
  })
  const fields = ({ id, sender, recipient, size }: Parcel) => ({ parcel: id, sender, recipient, size })

  return {
    parcelAccepted(parcel, { resumedAt }) {
      accepted.inc({ resumed: resumedAt > 0 ? 'yes' : 'no' })
      log.debug({ ...fields(parcel), resumedAt }, 'a parcel comes in')
    },
    quotaExceeded(limit, { sender, recipient, size }) {
      refused.inc({ limit })
      log.info({ limit, sender, recipient, size }, 'a parcel was refused: a quota would be exceeded')
    },
    parcelScanned(parcel, { verdict, error }) {
      scans.inc({ verdict })
      if (verdict === 'infected') log.warn(fields(parcel), 'a parcel was refused: the malware scan did not let it pass')
      if (verdict === 'none') log.error({ ...fields(parcel), err: error }, 'a parcel could not be scanned')
    },
    parcelStored(parcel, { durationMs }) {
      stored.inc()
      storedBytes.inc(parcel.size)
      seconds.observe(durationMs / 1000)
      log.info({ ...fields(parcel), durationMs: Math.round(durationMs) }, 'a parcel was stored')
    },
    parcelGivenUp(parcel, error) {
      givenUp.inc()
      log.error({ ...fields(parcel), err: error }, 'a parcel could not be stored')
    },
    parcelsEnded(outcomes) {
      for (const outcome of outcomes) ended.inc({ outcome })
      if (outcomes.length > 0) log.info({ parcels: outcomes.length }, 'the time of parcels was over')
    },
    blobDamaged(parcel) {
      damaged.inc()
      log.error(fields(parcel), 'a blob is not what was stored: it is in quarantine and will not be delivered')
    },
    garbageCollected(blobs) {
      garbage.inc(blobs)
      if (blobs > 0) log.warn({ blobs }, 'blobs that no record knows were taken away')
    },
    retentionFailed(error) {
      failures.inc()
      log.error({ err: error }, 'old parcels could not be cleared')
    },
    parcelsKept({ parcels, bytes, receivingBytes }) {
      kept.set(parcels)
      keptBytes.set({ state: 'stored' }, bytes)
      keptBytes.set({ state: 'receiving' }, receivingBytes)
    },
  }
}
