import { Command } from 'commander'
import { perform, type Surroundings } from '../command.ts'
import { ANSWER, type ControlFlags, openControl, withControl } from '../operator/control.ts'
import { listing } from '../operator/listing.ts'

interface LsFlags extends ControlFlags {
  relay?: string
}

export function lsCommand(surroundings: Surroundings): Command {
  const command = new Command('ls')
    .description('list relays and the bytestreams that run')
    .option('--relay <name>', 'this relay alone')
    .option('--json', 'JSON lines instead of tables: one for each relay and bytestream')
  return withControl(command).action((flags: LsFlags) => ls(surroundings, flags))
}

async function ls(surroundings: Surroundings, flags: LsFlags): Promise<void> {
  await perform(surroundings, flags, async (reporter, cleanup) => {
    const control = await openControl(surroundings, flags, cleanup)
    const [{ relays: all }, { bytestreams, unanswered }] = await Promise.all([
      control.listRelays({}, ANSWER),
      control.listBytestreams({ relay: flags.relay ?? '' }, ANSWER),
    ])
    const relays = flags.relay === undefined ? all : all.filter(({ name }) => name === flags.relay)
    reporter.results(
      [
        ...relays.map((relay) => ({ event: 'relay', ...relay })),
        ...bytestreams.map((bytestream) => ({ event: 'bytestream', ...bytestream })),
        ...unanswered.map((relay) => ({ event: 'unanswered', ...relay })),
      ],
      listing(relays, bytestreams, unanswered),
    )
  })
}
