import { type Findings, isKept } from './findings.ts'
import type { Machine } from './machine.ts'
import { asMarkdown, figuresTable, gapsTable, ratiosTable } from './table.ts'

/** The page of a run: machine and date, what was promised and kept, what was measured, what was tried. */
export function resultsPage(
  machine: Machine,
  { figures, ratios, gaps }: Findings,
  tried: Readonly<Record<string, string>>,
): string {
  const kept = ratios.filter(isKept).length
  const peers = Object.entries(machine.peers).map(([name, version]) => `${name} ${version}`)
  const sections = [
    '# What the benchmark found',
    `Written by \`npm run bench -- --write\` on ${machine.date.slice(0, 10)}; ${kept} of ${ratios.length} goals kept.`,
    [
      `- Machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, Linux ${machine.kernel}, Node ${machine.node}`,
      `- Beside it: ${peers.join(', ')}`,
      '- Everything ran on this one machine over loopback, the load too: the ratios mean something elsewhere, the absolute figures do not.',
    ].join('\n'),
    '![CPU and throughput by subject](results.svg)',
    '## Goals',
    'Each ratio is formed within a round, in which all subjects take turns under the same load; the median of the rounds is held against the goal.',
    asMarkdown(ratiosTable(ratios)),
    ...missed(ratios, tried),
    '## Figures',
    asMarkdown(figuresTable(figures)),
    ...(gaps.length > 0 ? ['## Not measured', asMarkdown(gapsTable(gaps))] : []),
  ]
  return `${sections.join('\n\n')}\n`
}

function missed(ratios: Findings['ratios'], tried: Readonly<Record<string, string>>): string[] {
  const names = ratios.filter((ratio) => !isKept(ratio)).map(({ name }) => name)
  if (names.length === 0) return []
  const lines = names.map((name) => `- **${name}**: ${tried[name] ?? 'nothing was tried yet.'}`)
  return ['### Missed, and what was tried', lines.join('\n')]
}
