import { type Figure, formatGoal, type Gap, isKept, type Ratio } from './findings.ts'
import { median, spreadOf } from './statistics.ts'

/** Rows of text; the first is the head. Every row has as many cells as the head. */
export type Table = readonly (readonly string[])[]

/** What was measured: the median of the rounds, and how far they spread. */
export function figuresTable(figures: readonly Figure[]): Table {
  const rows = figures.map(({ name, subject, unit, rounds }) => {
    if (rounds.length === 0) return [name, subject, 'not measured', '', unit]
    const { min, max } = spreadOf(rounds)
    return [name, subject, short(median(rounds)), `${short(min)} – ${short(max)}`, unit]
  })
  return [['figure', 'subject', 'median', 'min – max', 'unit'], ...rows]
}

/** What was promised, and whether it was kept. */
export function ratiosTable(ratios: readonly Ratio[]): Table {
  const rows = ratios.map((ratio) => {
    const { rounds, goal } = ratio
    if (rounds.length === 0) return [ratio.name, 'not measured', '', formatGoal(goal), 'MISSED']
    const { min, max } = spreadOf(rounds)
    const spread = `${short(min)} – ${short(max)}`
    return [ratio.name, short(median(rounds)), spread, formatGoal(goal), isKept(ratio) ? 'ok' : 'MISSED']
  })
  return [['ratio, within the same round', 'median', 'min – max', 'goal', ''], ...rows]
}

/** What could not be measured, and why. */
export function gapsTable(gaps: readonly Gap[]): Table {
  return [
    ['could not be measured', 'reason'],
    ...gaps.map(({ what, reason }) => [what, reason.split('\n', 1)[0] ?? '']),
  ]
}

/** The table in columns for a terminal. */
export function asText([head = [], ...rows]: Table): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  const rule = widths.map((width) => '─'.repeat(width))
  return [head, rule, ...rows].map((row) => line(row).trimEnd()).join('\n')
}

/** The table in Markdown. */
export function asMarkdown([head = [], ...rows]: Table): string {
  const line = (row: readonly string[]) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A number in three digits, and never in powers of ten. */
export function short(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)))
  return value.toFixed(Math.min(digits, 4))
}
