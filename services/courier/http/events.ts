import { Counter, Gauge } from 'prom-client'
import type { Logger } from '../../shared/runtime/log.ts'
import type { Metrics } from '../../shared/runtime/metrics.ts'
import type { DownloadParts } from './download.ts'
import type { HttpServerEvents } from './server.ts'
import type { SlotParts } from './slots.ts'
import type { UploadParts } from './upload.ts'

/** What is told of slots, uploads, downloads and pages. */
export interface HttpEvents
  extends HttpServerEvents,
    Pick<SlotParts['events'], 'slotAnswered'>,
    Pick<UploadParts['events'], 'uploadEnded'>,
    Pick<DownloadParts['events'], 'downloadEnded' | 'downloadUncounted'> {
  /** Shows, from now on, how many requests are being answered. */
  watchHttp(server: { readonly running: number }): void
}

/** Builds them. Neither names of files nor keys of links are in the log: whoever reads it could fetch the files. */
export function createHttpEvents({ log, metrics }: { readonly log: Logger; readonly metrics: Metrics }): HttpEvents {
  const registers = [metrics]
  const slots = new Counter({
    name: 'splice65_courier_slots_total',
    help: 'Upload slots that were asked for, by answer: offered, or the condition of the error.',
    labelNames: ['outcome'],
    registers,
  })
  slots.inc({ outcome: 'offered' }, 0)
  const requests = new Counter({
    name: 'splice65_courier_http_requests_total',
    help: 'HTTP requests by method and status; 499 where the client left before the answer.',
    labelNames: ['method', 'status'],
    registers,
  })
  // What limits answer is there before they are reached.
  for (const status of [403, 429, 503]) requests.inc({ method: 'PUT', status }, 0)
  for (const status of [429, 503]) requests.inc({ method: 'GET', status }, 0)
  const transfers = new Counter({
    name: 'splice65_courier_http_transfers_total',
    help: 'Uploads and downloads by how they ended.',
    labelNames: ['direction', 'outcome'],
    registers,
  })
  for (const outcome of ['stored', 'part', 'broken', 'refused']) transfers.inc({ direction: 'upload', outcome }, 0)
  for (const outcome of ['complete', 'part', 'broken']) transfers.inc({ direction: 'download', outcome }, 0)
  const bytes = new Counter({
    name: 'splice65_courier_http_bytes_total',
    help: 'Bytes of files that came and went by HTTP.',
    labelNames: ['direction'],
    registers,
  })
  for (const direction of ['upload', 'download']) bytes.inc({ direction }, 0)
  const uncounted = new Counter({
    name: 'splice65_courier_downloads_uncounted_total',
    help: 'Complete downloads that could not be written down: their senders are not told of them.',
    registers,
  })

  return {
    slotAnswered: (outcome) => slots.inc({ outcome }),
    httpAnswered: (method, status) => requests.inc({ method, status }),
    httpFailed: (error) => log.error({ err: error }, 'an HTTP request could not be answered'),
    uploadEnded({ outcome, parcel, bytes: count, durationMs, reason }) {
      transfers.inc({ direction: 'upload', outcome })
      bytes.inc({ direction: 'upload' }, count)
      const { id, sender } = parcel
      log.info(
        { parcel: id, sender, outcome, bytes: count, durationMs: Math.round(durationMs), reason },
        'upload ended',
      )
    },
    downloadEnded({ outcome, parcel, bytes: count, durationMs, reason }) {
      transfers.inc({ direction: 'download', outcome })
      bytes.inc({ direction: 'download' }, count)
      log.info(
        { parcel: parcel.id, outcome, bytes: count, durationMs: Math.round(durationMs), reason },
        'download ended',
      )
    },
    downloadUncounted(parcel, error) {
      uncounted.inc()
      log.error({ parcel: parcel.id, err: error }, 'a complete download could not be written down')
    },
    watchHttp(server) {
      new Gauge({
        name: 'splice65_courier_http_requests_active',
        help: 'HTTP requests that are being answered.',
        registers,
        collect() {
          this.set(server.running)
        },
      })
    },
  }
}
