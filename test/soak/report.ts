import { asText, short } from '../bench/table.ts'
import type { Judged } from './figures.ts'
import type { Tally } from './load.ts'

/** The verdict as people read it: a table of the figures, what became of the attempts, and a last line. */
export function reportOf(figures: readonly Judged[], tally: Tally, leftOpen: number | undefined): string {
  const head = ['process', 'figure', 'first quarter', 'last quarter', 'slope an hour', 'limit', '']
  const rows = figures.map(({ process, kind, verdict }) => {
    const { first, last, slopePerHour, limit, outcome } = verdict
    const [from, to, slope, most] = [first, last, slopePerHour, limit].map((value) =>
      Number.isNaN(value) ? '' : `${short(value)} ${kind.unit}`.trimEnd(),
    )
    return [process, kind.name, from ?? '', to ?? '', slope ?? '', most ?? '', outcome]
  })
  if (leftOpen !== undefined) {
    rows.push(['relays', 'sockets left open at rest', '', String(leftOpen), '', '0', leftOpen > 0 ? 'FAILED' : 'ok'])
  }
  const troubles = troublesOf(figures, tally, leftOpen)
  return [
    asText([head, ...rows]),
    '',
    `delivered     ${tally.delivered} transfers, ${(tally.deliveredBytes / 1024 ** 3).toFixed(2)} GiB, every byte compared`,
    `misbehaved    ${listed(tally.misbehaved)}, each answered as it should be`,
    `excused       ${listed(tally.excused)}`,
    `held back     ${tally.heldBack}, because too many were under way`,
    `failed        ${tally.failed.length}`,
    ...tally.failed.slice(0, 20).map((failure) => `  ${failure}`),
    '',
    troubles.length === 0 ? `soak: ok${reservationOf(figures)}` : `soak: FAILED: ${troubles.join('; ')}`,
  ].join('\n')
}

/** What is wrong, in short; empty when nothing is. */
export function troublesOf(figures: readonly Judged[], { failed }: Tally, leftOpen: number | undefined): string[] {
  const grown = figures.filter(({ verdict }) => verdict.outcome === 'FAILED')
  return [
    ...grown.map(({ process, kind }) => `${kind.name} of ${process} grew`),
    ...(failed.length > 0 ? [`${failed.length} attempts failed that should not have`] : []),
    ...(leftOpen ? [`relays hold ${leftOpen} sockets of nobody`] : []),
  ]
}

function reservationOf(figures: readonly Judged[]): string {
  const unjudged = figures.filter(({ verdict }) => verdict.outcome === 'too short').length
  return unjudged === 0 ? '' : `, but too short to judge ${unjudged} of ${figures.length} figures`
}

function listed(counts: ReadonlyMap<string, number>): string {
  if (counts.size === 0) return 'none'
  return [...counts].map(([what, times]) => `${times} × ${what}`).join(', ')
}
