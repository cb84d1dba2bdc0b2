import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { callsCanFail } from '../support/failing-calls.ts'
import type { Case, Need } from './case.ts'
import { memoryCgroups } from './memory-cgroup.ts'
import { enterNamespace, insideNamespace } from './namespace.ts'
import { failuresPage } from './page.ts'
import { isAsExpected, type Row, runCase } from './run-case.ts'
import { Stage } from './stage.ts'
import { cases, families } from './suite.ts'
import { tableOf } from './table.ts'

const command = new Command('npm run test:faults --')
  .description('Breaks a running splice65 in every way of deploy/FAILURES.md, and compares what is seen.')
  .option('--only <text>', 'the cases whose name contains this')
  .option('--list', 'print the names of the cases, and do nothing')
  .option('--write', 'write deploy/FAILURES.md when all rows are as expected')
  .parse()

const { only = '', list = false, write = false } = command.opts<{ only?: string; list?: boolean; write?: boolean }>()
const chosen = cases.filter(({ name }) => name.includes(only))

if (list) {
  for (const { name } of chosen) console.log(name)
} else {
  process.exitCode = (await enterNamespace()) ?? (await main())
}

async function main(): Promise<number> {
  // What is left behind in it shows, and is gone with it.
  const folder = mkdtempSync(join(tmpdir(), 'splice65-faults-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  process.env.TMPDIR = join(folder, 'tmp')
  mkdirSync(process.env.TMPDIR)

  const has: Record<Need, boolean> = {
    namespace: insideNamespace,
    'memory cgroup': memoryCgroups,
    'process to trace': callsCanFail,
  }
  const playable = chosen.filter(({ fault: { needs } }) => needs === undefined || has[needs])
  const rows: Row[] = []
  for (const family of families) rows.push(...(await play(playable.filter((each) => each.family === family))))
  console.log(`\n${tableOf(rows)}`)
  const left = chosen.filter((each) => !playable.includes(each))
  if (left.length > 0) {
    console.log(
      `\nATTENTION: ${left.length} cases were not run, for want of what this machine lets nobody have:\n${left
        .map(({ name, fault }) => `  ${name}: a ${fault.needs}`)
        .join('\n')}`,
    )
  }
  const good = rows.every(isAsExpected)
  if (write && good && rows.length === cases.length) {
    await writeFile(new URL('../../deploy/FAILURES.md', import.meta.url), failuresPage(families, cases))
    console.log('\nwrote deploy/FAILURES.md')
  }
  return good && rows.length > 0 ? 0 : 1
}

async function play(cases: readonly Case[]): Promise<Row[]> {
  const [first] = cases
  if (!first) return []
  const rows: Row[] = []
  await using stage = await Stage.open(first.family.stage)
  for (const each of cases) {
    const row = await runCase(stage, each)
    console.log(`${isAsExpected(row) ? 'ok    ' : 'DIFFERS'} ${row.name} ${row.seconds.toFixed(1)} s: ${row.seen}`)
    for (const fault of row.faults) console.log(`        ${fault}`)
    rows.push(row)
  }
  return rows
}
