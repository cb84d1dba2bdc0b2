import { Command } from 'commander'
import { Failure } from '../../shared/bytestream/failure.ts'
import type { ListBytestreamsResponse__Output as List } from '../../shared/rpc/generated/splice65/control/v1/ListBytestreamsResponse.ts'
import { formatBytes } from '../../shared/runtime/format-bytes.ts'
import { perform, type Surroundings } from '../command.ts'
import { ANSWER, type ControlFlags, openControl, withControl } from '../operator/control.ts'
import { bytesOf } from '../operator/listing.ts'
import { printable } from '../printable.ts'

export function endCommand(surroundings: Surroundings): Command {
  const command = new Command('end')
    .description('end one bytestream: both clients see it break')
    .argument('<bytestream>', 'its id, or as much of it as `splice65 ls` shows')
    .option('--json', 'a JSON line instead of text')
  return withControl(command).action((id: string, flags: ControlFlags) => end(surroundings, id, flags))
}

async function end(surroundings: Surroundings, prefix: string, flags: ControlFlags): Promise<void> {
  await perform(surroundings, flags, async (reporter, cleanup) => {
    const control = await openControl(surroundings, flags, cleanup)
    const bytestream = oneOf(await control.listBytestreams({ relay: '' }, ANSWER), prefix)
    const { relay, id, requester, target } = bytestream
    await control.endBytestream({ relay, id }, ANSWER)
    const bytes = formatBytes(bytesOf(bytestream))
    const text = `ended ${id} on ${relay}: ${requester} with ${target}, after ${bytes}`
    reporter.results([{ event: 'ended', ...bytestream }], [printable(text)])
  })
}

/** The one bytestream whose id begins so. Throws `not-found` where there is none, or several. */
export function oneOf({ bytestreams, unanswered }: List, prefix: string): List['bytestreams'][number] {
  const [found, ...others] = bytestreams.filter(({ id }) => id.startsWith(prefix))
  if (found && others.length === 0) return found
  if (found) {
    const ids = [found, ...others].map(({ id }) => id)
    throw new Failure('not-found', `${ids.length} bytestreams begin with ${prefix}: ${ids.join(', ')}`)
  }
  const silent = unanswered.map(({ relay }) => relay)
  const doubt = silent.length > 0 ? `; it may be on one that did not answer: ${silent.join(', ')}` : ''
  throw new Failure('not-found', `No bytestream begins with ${prefix}: \`splice65 ls\` shows what runs${doubt}`)
}
