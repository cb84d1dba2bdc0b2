import { setTimeout as sleep } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { Failure } from '../../shared/bytestream/failure.ts'
import type { ControlCalls } from '../../shared/rpc/control-api.ts'
import { perform, type Surroundings } from '../command.ts'
import { ANSWER, type ControlFlags, openControl, withControl } from '../operator/control.ts'
import { counted } from '../operator/listing.ts'
import { printable } from '../printable.ts'
import type { Reporter } from '../reporter.ts'

interface DrainFlags extends ControlFlags {
  undo?: boolean
  wait?: boolean
}

/** How often a wait looks. */
const LOOK_MS = 500

export function drainCommand(surroundings: Surroundings): Command {
  const command = new Command('drain')
    .description('let a relay take nothing new; what is live on it goes on')
    .argument('<relay>', 'its name, as `splice65 ls` shows it')
    .option('--undo', 'let it take new connections again')
    .addOption(new Option('--wait', 'end only when nothing is left on it').conflicts('undo'))
    .option('--json', 'JSON lines instead of text')
  return withControl(command).action((relay: string, flags: DrainFlags) => drain(surroundings, relay, flags))
}

async function drain(surroundings: Surroundings, relay: string, flags: DrainFlags): Promise<void> {
  await perform(surroundings, flags, async (reporter, cleanup) => {
    const control = await openControl(surroundings, flags, cleanup)
    const left = await control.drain({ relay, draining: !flags.undo }, ANSWER)
    if (flags.undo) {
      reporter.results([{ event: 'undrained', relay }], [`${printable(relay)} takes new connections again`])
      return
    }
    const tell = teller(reporter, relay)
    tell(left)
    if (flags.wait) await untilEmpty(control, relay, { signal: surroundings.signal, tell })
  })
}

interface Left {
  readonly waiting: number
  /** Legs included. */
  readonly bytestreams: number
}

/** Tells what is left whenever it has changed. */
function teller(reporter: Reporter, relay: string): (left: Left) => void {
  let told = ''
  return ({ waiting, bytestreams }) => {
    const left = [counted(bytestreams, 'bytestream'), counted(waiting, 'waiting half-connection')].join(', ')
    const text = waiting + bytestreams === 0 ? 'nothing is left' : left
    if (text !== told) {
      reporter.results([{ event: 'draining', relay, waiting, bytestreams }], [`${printable(relay)} drains: ${text}`])
    }
    told = text
  }
}

/** Resolves when the relay holds nothing. Throws `not-ready` when it takes new connections again, `unavailable` when it is gone. */
export async function untilEmpty(
  control: Pick<ControlCalls, 'listRelays'>,
  name: string,
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (left: Left) => void },
): Promise<void> {
  for (;;) {
    const { relays } = await control.listRelays({}, ANSWER)
    const relay = relays.find((each) => each.name === name)
    if (!relay || (!relay.status && relay.missingMs > 0)) {
      throw new Failure('unavailable', `${name} stopped before it was known to be empty`)
    }
    // Of a relay that is silent this once control knows only what stood in the registry, perhaps before the drain.
    if (relay.status) {
      if (!relay.draining) throw new Failure('not-ready', `${name} drains no more: somebody has undone it`)
      const { waiting, bytestreams, legs } = relay.status
      tell({ waiting, bytestreams: bytestreams + legs })
      if (waiting + bytestreams + legs === 0) return
    }
    await sleep(LOOK_MS, undefined, { signal })
  }
}
