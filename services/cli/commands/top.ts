import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, InvalidArgumentError } from 'commander'
import { messageOf } from '../../shared/bytestream/failure.ts'
import type { ControlCalls } from '../../shared/rpc/control-api.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import { perform, type Surroundings } from '../command.ts'
import { ANSWER, type ControlFlags, openControl, withControl } from '../operator/control.ts'
import type { Snapshot } from '../operator/speeds.ts'
import { takeTerminal } from '../operator/terminal.ts'
import { firstView, frame, viewAfter, type Watched } from '../operator/top-view.ts'

interface TopFlags extends ControlFlags {
  interval: number
  once?: boolean
}

export function topCommand(surroundings: Surroundings): Command {
  const command = new Command('top')
    .description('watch relays and the busiest bytestreams')
    .option('--interval <seconds>', 'how often to look', parseSeconds, 1)
    .option('--once', 'print one frame, with the rates of one interval, and end')
  withControl(command).addHelpText('after', '\nKeys: q quits, left and right change the order, up and down scroll.')
  return command.action(async (flags: TopFlags) => {
    if (!flags.once && !surroundings.terminal.output.isTTY) {
      command.error('splice65: top needs a terminal, and this output is none: --once prints one frame')
    }
    await perform(surroundings, {}, async (_reporter, cleanup) => {
      const control = await openControl(surroundings, flags, cleanup)
      await (flags.once ? printOnce(surroundings, control, flags) : watch(surroundings, control, flags))
    })
  })
}

async function printOnce({ stdout, terminal, clock, signal }: Surroundings, control: ControlCalls, flags: TopFlags) {
  const before = await look(control, clock)
  await sleep(flags.interval * 1000, undefined, { signal })
  const now = await look(control, clock)
  const size = { columns: terminal.output.columns || Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY }
  const lines = frame({ before, now, fault: '' }, firstView, size)
  for (const line of lines.slice(0, -1)) stdout.write(`${line}\n`)
}

/** Draws until q or Ctrl-C. What control does not answer later is told on the screen; a first answer there must be. */
async function watch({ terminal, clock, signal }: Surroundings, control: ControlCalls, flags: TopFlags): Promise<void> {
  let watched: Watched = { before: undefined, now: await look(control, clock), fault: '' }
  let view = firstView
  const left = new AbortController()
  const until = AbortSignal.any([signal, left.signal])
  using screen = takeTerminal(terminal, { onKey, onResize: draw })

  function draw(): void {
    screen.draw(frame(watched, view, screen.size))
  }
  function onKey(key: string): void {
    if (key === 'q' || key === 'ctrl-c') left.abort()
    view = viewAfter(key, view, watched.now.bytestreams.length)
    draw()
  }

  async function refresh(): Promise<void> {
    try {
      const now = await unlessAborted(look(control, clock), until)
      if (now) watched = { before: watched.now, now, fault: '' }
    } catch (error) {
      watched = { ...watched, fault: messageOf(error) }
    }
  }

  while (!until.aborted) {
    draw()
    await sleep(flags.interval * 1000, undefined, { signal: until }).catch(() => {})
    if (!until.aborted) await refresh()
  }
  signal.throwIfAborted()
}

/** The result, or undefined as soon as the signal aborts: nobody who quits waits for an answer. */
async function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const settled = new AbortController()
  try {
    return await Promise.race([result, once(signal, 'abort', { signal: settled.signal }).then(() => undefined)])
  } finally {
    settled.abort()
  }
}

async function look(control: ControlCalls, clock: Clock): Promise<Snapshot> {
  const [{ relays }, { bytestreams }] = await Promise.all([
    control.listRelays({}, ANSWER),
    control.listBytestreams({ relay: '' }, ANSWER),
  ])
  return { atMs: clock.now(), relays, bytestreams }
}

function parseSeconds(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text) || Number(text) < 0.1) throw new InvalidArgumentError('seconds, 0.1 at least')
  return Number(text)
}
