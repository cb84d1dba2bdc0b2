import { writeFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import { chartOf, type Panel } from './chart.ts'
import { type BenchDocument, documentOf } from './document.ts'
import { activationStudy } from './figures/activation.ts'
import { bytesStudy } from './figures/bytes.ts'
import { halvesStudy } from './figures/halves.ts'
import { neighbourStudy } from './figures/neighbour.ts'
import { pingStudy } from './figures/ping.ts'
import { slowStudy } from './figures/slow.ts'
import { stoppedStudy } from './figures/stopped.ts'
import { waitingStudy } from './figures/waiting.ts'
import { type Findings, together } from './findings.ts'
import { describeMachine, type Machine } from './machine.ts'
import { fullRun, quickRun } from './options.ts'
import { resultsPage } from './results.ts'
import { asText, figuresTable, gapsTable, ratiosTable } from './table.ts'
import { tried } from './tried.ts'
import { openWorkshop } from './workshop.ts'

const studies = [
  bytesStudy,
  halvesStudy,
  activationStudy,
  pingStudy,
  waitingStudy,
  slowStudy,
  stoppedStudy,
  neighbourStudy,
]

const panels: readonly Panel[] = [
  { figure: 'CPU, 1 stream', title: 'CPU seconds per GiB, 1 stream', better: 'less' },
  { figure: 'CPU, 200 streams', title: 'CPU seconds per GiB, 200 streams', better: 'less' },
  { figure: 'throughput, 1 stream', title: 'Throughput in MiB/s, 1 stream', better: 'more' },
]

interface Flags {
  quick?: boolean
  only?: string[]
  rounds?: number
  seconds?: number
  minutes?: number
  json?: boolean
  write?: boolean
}

const command = new Command('npm run bench --')
  .description('Measures splice65 beside its peers in one run, and holds the ratios against its goals.')
  .option('--quick', 'under a minute: one relay, one stream, same pod, against ejabberd and the C floor')
  .option('--only <names>', `some of: ${studies.map(({ name }) => name).join(', ')}`, parseNames)
  .option('--rounds <n>', `how often each subject is measured (${fullRun.rounds})`, parsePositive)
  .option('--seconds <n>', `how long each trial counts (${fullRun.seconds})`, parsePositive)
  .option('--minutes <n>', `how long the waiting halves are watched (${fullRun.minutes})`, parsePositive)
  .option(
    '--json',
    'print one JSON document on standard output; npm adds nothing to it as `npm run --silent bench -- --json`',
  )
  .option('--write', 'write RESULTS.md and results.svg beside this program')
  .addHelpText('after', `\nFigures:\n${studies.map(({ name, about }) => `  ${name.padEnd(12)}${about}`).join('\n')}`)
  .parse()

await main(command.opts<Flags>())

async function main({ only, json = false, write = false, ...given }: Flags): Promise<void> {
  const options = { ...(given.quick ? quickRun : fullRun), ...given }
  const names = only ?? (options.quick ? [bytesStudy.name] : studies.map(({ name }) => name))
  const machine = describeMachine()
  const findings: Findings[] = []
  {
    await using workshop = await openWorkshop()
    for (const study of studies.filter(({ name }) => names.includes(name))) {
      tell(`${study.name}: ${study.about}`)
      findings.push(await study.run(workshop, options, tell))
    }
  }
  const found = together(findings)
  if (json) printDocument(documentOf(machine, found))
  else console.log(`\n${textOf(found)}`)
  if (write) await writeResults(machine, found)
}

function printDocument(document: BenchDocument): void {
  // npm has printed the script's name and command before this program began.
  const { npm_lifecycle_event: script, npm_config_loglevel: level } = process.env
  if (script === 'bench' && level !== 'silent') {
    tell('npm has printed lines of its own before the document; `npm run --silent bench -- --json` prints it alone')
  }
  console.log(JSON.stringify(document, undefined, 2))
}

function textOf({ figures, ratios, gaps }: Findings): string {
  const tables = [figuresTable(figures), ratiosTable(ratios), ...(gaps.length > 0 ? [gapsTable(gaps)] : [])]
  return tables.map(asText).join('\n\n')
}

async function writeResults(machine: Machine, found: Findings): Promise<void> {
  const beside = (name: string) => new URL(name, import.meta.url)
  await writeFile(beside('RESULTS.md'), resultsPage(machine, found, tried))
  await writeFile(beside('results.svg'), chartOf(found.figures, panels))
  tell('wrote RESULTS.md and results.svg')
}

function tell(text: string): void {
  process.stderr.write(`bench: ${text}\n`)
}

function parseNames(text: string): string[] {
  const names = text.split(',')
  const unknown = names.find((name) => !studies.some((study) => study.name === name))
  if (unknown !== undefined) throw new InvalidArgumentError(`there is no figure called ${unknown}`)
  return names
}

function parsePositive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('a number above zero')
  return value
}
