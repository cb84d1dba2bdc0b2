import { isAsExpected, type Row } from './run-case.ts'

const header = ['', 'case', 'expected', 'seen', 'bytes lost']

/** The rows as a table for a terminal, and one line that sums them up. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    isAsExpected(row) ? 'ok' : 'DIFFERS',
    row.name,
    row.expected,
    [row.seen === row.expected ? 'the same' : row.seen, ...row.faults.slice(0, 2)].join('; '),
    String(row.lostBytes),
  ])
  const all = [header, ...cells]
  const widths = header.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)))
  const lines = all.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const good = rows.filter(isAsExpected).length
  const lost = rows.reduce((sum, row) => sum + row.lostBytes, 0)
  const minutes = rows.reduce((sum, row) => sum + row.seconds, 0) / 60
  return [
    ...lines,
    '',
    `${good} of ${rows.length} as expected, ${lost} bytes lost, ${minutes.toFixed(1)} minutes`,
  ].join('\n')
}
