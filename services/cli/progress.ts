import { Presets, SingleBar } from 'cli-progress'
import type { Clock } from '../shared/runtime/clock.ts'
import { formatBytes } from '../shared/runtime/format-bytes.ts'

/** Where people read: a terminal or a file. */
export interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** How far a file is. */
export interface Progress {
  update(bytes: number, size: number): void
  /** Takes the bar away, or leaves it complete. */
  stop(): void
}

const PLAIN_LINE_MS = 5_000

/** A bar with rate and remaining time on a terminal; elsewhere a plain line every five seconds. */
export function showProgress({ screen, clock }: { screen: Screen; clock: Clock }, name: string): Progress {
  return screen.isTTY ? bar(screen, clock, name) : lines(screen, clock, name)
}

/** `12 s`, `3 min 05 s`, `1 h 02 min`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '—'
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const two = (value: number) => String(value).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`
}

function bar(screen: Screen, clock: Clock, name: string): Progress {
  const startedAt = clock.now()
  let shown: { bar: SingleBar; first: number } | undefined
  return {
    update(bytes, size) {
      shown ??= open(bytes, size)
      const seconds = (clock.now() - startedAt) / 1000
      const rate = (bytes - shown.first) / Math.max(seconds, 0.001)
      shown.bar.update(bytes, {
        moved: `${formatBytes(bytes)} of ${formatBytes(size)}`,
        rate: `${formatBytes(Math.round(rate))}/s`,
        left: bytes < size ? `${formatSeconds((size - bytes) / rate)} left` : formatSeconds(seconds),
      })
    },
    stop: () => shown?.bar.stop(),
  }

  function open(first: number, size: number): { bar: SingleBar; first: number } {
    const format = `${name} {bar} {percentage}%  {moved}  {rate}  {left}`
    const single = new SingleBar(
      { format, stream: screen as unknown as NodeJS.WritableStream, hideCursor: true, gracefulExit: false },
      Presets.shades_classic,
    )
    single.start(size, first, { moved: '', rate: '', left: '' })
    return { bar: single, first }
  }
}

function lines(screen: Screen, clock: Clock, name: string): Progress {
  let last = { at: clock.now(), bytes: 0 }
  return {
    update(bytes, size) {
      const at = clock.now()
      if (at - last.at < PLAIN_LINE_MS) return
      const rate = ((bytes - last.bytes) / (at - last.at)) * 1000
      const left = formatSeconds((size - bytes) / rate)
      const percent = Math.floor((bytes / size) * 100)
      screen.write(`${name}: ${percent} % of ${formatBytes(size)}, ${formatBytes(Math.round(rate))}/s, ${left} left\n`)
      last = { at, bytes }
    },
    stop() {},
  }
}
