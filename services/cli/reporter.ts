import { messageOf } from '../shared/bytestream/failure.ts'
import type { Clock } from '../shared/runtime/clock.ts'
import { formatBytes } from '../shared/runtime/format-bytes.ts'
import type { OnTransferEvent, TransferEvent, TransferSummary } from '../shared/transfer/events.ts'
import type { ProbeResult } from '../shared/transfer/probe.ts'
import { describeStreamhost } from '../shared/transfer/streamhost.ts'
import type { StoredParcel } from './courier.ts'
import { printable } from './printable.ts'
import { type Progress, type Screen, showProgress } from './progress.ts'

export interface ReporterParts {
  /** Results, and with `json` everything, one line each. */
  readonly stdout: Screen
  /** Everything for people. */
  readonly stderr: Screen
  readonly clock: Clock
}

export interface ReporterOptions {
  /** JSON lines on stdout instead of text on stderr. Each has `event` and `atMs`, milliseconds since the start. */
  readonly json: boolean
  /** Each of the fifteen steps too. */
  readonly trace: boolean
}

/** One JSON line of a result. */
export interface ResultEvent {
  readonly event: string
  readonly [detail: string]: unknown
}

/** What a command says while it works. */
export interface Reporter {
  /** Call for one transfer; each has a progress of its own. */
  transfer(): OnTransferEvent
  /** The account is online under this full JID. */
  ready(jid: string): void
  done(summary: TransferSummary & { readonly path?: string }): void
  /** The courier has stored a file for its receiver. */
  stored(to: string, parcel: StoredParcel): void
  /** A URL was passed on; `fetched` when the receiver has said that it has the file. */
  passedOn(url: string, to: string, fetched: boolean): void
  /** A probe came through. */
  probed(proxy: string, result: ProbeResult): void
  /** What to look at after a probe failed at a stage. */
  advise(stage: string, advice: string): void
  /** What was asked for: these events as JSON lines, or else this text, which must be printable. */
  results(events: readonly ResultEvent[], text: readonly string[]): void
  failed(error: unknown): void
  warn(text: string): void
}

const JSON_PROGRESS_MS = 250

export function createReporter({ stdout, stderr, clock }: ReporterParts, { json, trace }: ReporterOptions): Reporter {
  const startedAt = clock.now()
  const atMs = () => Math.round((clock.now() - startedAt) * 10) / 10
  const line = (object: object) => stdout.write(`${JSON.stringify({ ...object, atMs: atMs() })}\n`)
  const say = (text: string) => stderr.write(`${text}\n`)
  const running = new Set<Progress>()
  const clear = () => {
    for (const progress of running) progress.stop()
    running.clear()
  }
  let firstByteAt = startedAt

  function transfer(): OnTransferEvent {
    let name = ''
    let progress: Progress | undefined
    let lastLineAt = Number.NEGATIVE_INFINITY
    return (event) => {
      if (event.event === 'step' && !trace) return
      if (event.event === 'connected') firstByteAt = clock.now()
      if (event.event === 'offered') name = event.name
      if (event.event !== 'progress') {
        if (json) line(event)
        else say(describe(event, atMs()))
        return
      }
      const { bytes, size } = event
      if (!json) {
        progress ??= showProgress({ screen: stderr, clock }, printable(name))
        running.add(progress)
        progress.update(bytes, size)
      } else if (bytes === size || clock.now() - lastLineAt >= JSON_PROGRESS_MS) {
        lastLineAt = clock.now()
        line(event)
      }
    }
  }

  return {
    transfer,
    ready(jid) {
      if (json) line({ event: 'ready', jid })
      else say(`online as ${jid}`)
    },
    done(summary) {
      clear()
      const seconds = (clock.now() - firstByteAt) / 1000
      const bytesPerSecond = Math.round(summary.transferredBytes / Math.max(seconds, 0.001))
      if (json) {
        line({ event: 'done', ...summary, bytesPerSecond })
        return
      }
      const way = summary.streamhost ? `${summary.method} by ${describeStreamhost(summary.streamhost)}` : summary.method
      say(`${formatBytes(summary.size)} ${way}, ${formatBytes(bytesPerSecond)}/s`)
      stdout.write(`${summary.sha256}  ${printable(summary.path ?? summary.name)}\n`)
    },
    stored(to, { parcel, expires }) {
      if (json) line({ event: 'stored', to, parcel, expires })
      else say(parcel ? `stored for ${to} until ${expires}: parcel ${parcel}` : `stored for ${to}`)
    },
    passedOn(url, to, fetched) {
      if (json) line({ event: 'passed-on', url, to, fetched })
      else say(fetched ? `${to} has fetched it` : `${to} was told`)
    },
    probed(proxy, result) {
      if (json) line({ event: 'probed', proxy, ...result })
      else {
        const rate = formatBytes(Math.round((result.bytes / result.durationMs) * 1000))
        stdout.write(`ok  ${describeStreamhost(result.streamhost)}: ${formatBytes(result.bytes)}, ${rate}/s\n`)
      }
    },
    advise(stage, advice) {
      if (json) line({ event: 'advice', stage, advice })
      else say(`failed at ${stage}\n  ${advice}`)
    },
    results(events, text) {
      if (json) for (const event of events) line(event)
      else for (const each of text) stdout.write(`${each}\n`)
    },
    failed(error) {
      clear()
      const message = messageOf(error)
      if (json) line({ event: 'failed', message })
      say(`splice65: ${printable(message)}`)
    },
    warn: (text) => say(`splice65: ${printable(text)}`),
  }
}

function describe(event: Exclude<TransferEvent, { event: 'progress' }>, atMs: number): string {
  const time = `${atMs.toFixed(1).padStart(9)} ms`
  switch (event.event) {
    case 'step': {
      const detail = event.detail ? `: ${printable(event.detail)}` : ''
      return `${time}  step ${String(event.step).padStart(2)}  ${event.does}  (${event.from} → ${event.to})${detail}`
    }
    case 'offered':
      return `${time}  offered by ${event.protocol}  ${printable(event.name)} (${formatBytes(event.size)}), ${event.methods.join(' or ')}`
    case 'accepted':
      return `${time}  accepted  ${event.method}${event.offset > 0 ? `, resumed at byte ${event.offset}` : ''}`
    case 'streamhost-failed':
      return `${time}  not reachable  ${printable(event.reason)}`
    case 'connected':
      return `${time}  connected  ${event.streamhost ? describeStreamhost(event.streamhost) : event.method}`
    case 'fallback':
      return `${time}  ${event.from} failed, trying ${event.to}: ${printable(event.reason)}`
  }
}
