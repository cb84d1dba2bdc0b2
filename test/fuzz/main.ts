import { Command, InvalidArgumentError } from 'commander'
import { FuzzFailure, fuzz, repetition } from './fuzz.ts'
import { type Memory, measureMemory, mebibytes, unevenness } from './memory.ts'
import type { SubjectKind } from './subject.ts'
import { subjects } from './subjects.ts'

interface Flags {
  readonly inputs: number
  readonly seed: number
  readonly first: number
  readonly only?: SubjectKind
}

const quarters = 4

const command = new Command('npm run test:fuzz --')
  .description('Feeds whatever takes input from strangers with inputs that follow from a seed.')
  .option('--inputs <n>', 'how many inputs, all subjects together', readNumber, 1_000_000)
  .option('--seed <n>', 'where they follow from; default: another one every time', readNumber, Date.now() % 1_000_000)
  .option('--first <n>', 'the number of the first input', readNumber, 0)
  .option('--only <name>', 'one subject', readSubject)
  .addHelpText('after', `\nSubjects:\n${subjects.map(({ name, about }) => `  ${name.padEnd(14)}${about}`).join('\n')}`)
  .parse()

await main(command.opts<Flags>())

async function main({ inputs, seed, first, only }: Flags): Promise<void> {
  const chosen = only ? [only] : subjects
  const shares = chosen.reduce((sum, { share }) => sum + share, 0)
  console.log(`seed ${seed}: ${inputs} inputs to ${chosen.map(({ name }) => name).join(', ')}`)
  const opened = await Promise.all(
    chosen.map(async (kind) => ({ ...kind, fed: first, spentMs: 0, subject: await kind.open() })),
  )
  const memory: Memory[] = []
  try {
    for (let quarter = 1; quarter <= quarters; quarter++) {
      for (const each of opened) {
        const until = first + Math.round((inputs * each.share * quarter) / (shares * quarters))
        const startedMs = performance.now()
        const breaks = (error: unknown) => stopAt(each.name, seed, each.fed, until, error)
        process.once('uncaughtException', breaks)
        await fuzz(each.subject, { name: each.name, seed, first: each.fed, count: until - each.fed })
        process.off('uncaughtException', breaks)
        each.spentMs += performance.now() - startedMs
        each.fed = until
      }
      const measured = measureMemory()
      memory.push(measured)
      console.log(`${quarter}/${quarters}: heap ${mebibytes(measured.heap)}, resident ${mebibytes(measured.resident)}`)
    }
    for (const { name, fed, spentMs } of opened) {
      console.log(`${name.padEnd(14)}${String(fed - first).padStart(8)} inputs in ${(spentMs / 1_000).toFixed(1)} s`)
    }
    const uneven = inputs >= 100_000 ? unevenness(memory) : undefined
    if (uneven) throw new FuzzFailure(`Memory is not flat: ${uneven}`)
    console.log('fuzz: ok')
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error
    console.error(error.message)
    process.exitCode = 1
  } finally {
    await Promise.all(opened.map(({ subject }) => subject.close?.()))
  }
}

/** What escapes every handler has no input of its own: it is one of those fed last. */
function stopAt(name: string, seed: number, from: number, until: number, error: unknown): void {
  console.error(`${name} let an error escape between the inputs ${from} and ${until}:`, error)
  console.error(`Repeat: ${repetition({ name, seed, index: from }).replace('--inputs 1', `--inputs ${until - from}`)}`)
  process.exit(1)
}

function readNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

function readSubject(name: string): SubjectKind {
  const subject = subjects.find((each) => each.name === name)
  if (!subject) throw new InvalidArgumentError(`It must be one of ${subjects.map((each) => each.name).join(', ')}.`)
  return subject
}
