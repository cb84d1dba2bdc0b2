import { Command, InvalidArgumentError } from 'commander'
import { messageOf } from '../../../services/shared/bytestream/failure.ts'
import { offlineDemo } from './offline.ts'
import type { DemoOptions } from './props.ts'
import { streamDemo } from './stream.ts'

const DEFAULT_BYTES = 256 * 1024 * 1024

const { offline, ...options } = new Command('npm run demo --')
  .description('Sends a file from alice to bob through two relays, every part a process of its own.')
  .option('--offline', 'alice sends while bob is away: a courier keeps the file until he comes')
  .option('--file <file>', 'the file to send')
  .option('--size <size>', 'how much to make up when there is no --file: 256MiB, 1GiB', parseSize, DEFAULT_BYTES)
  .option('--keep', 'leave everything running afterwards, until Ctrl-C')
  .parse()
  .opts<DemoOptions & { offline?: boolean }>()

try {
  await (offline ? offlineDemo(options) : streamDemo(options))
} catch (error) {
  console.error(`demo: failed: ${messageOf(error)}`)
  process.exitCode = 1
}

function parseSize(text: string): number {
  const match = /^(\d+)\s*(B|KiB|MiB|GiB)?$/i.exec(text)
  const power = ['b', 'kib', 'mib', 'gib'].indexOf((match?.[2] ?? 'B').toLowerCase())
  if (!match) throw new InvalidArgumentError('a size such as 64MiB or 1GiB')
  return Number(match[1]) * 1024 ** power
}
