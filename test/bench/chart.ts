import type { Figure } from './findings.ts'
import { median } from './statistics.ts'
import { short } from './table.ts'

/** One bar: a subject and its median. */
interface Bar {
  readonly label: string
  readonly value: number
  readonly ours: boolean
}

const WIDTH = 860
const LABEL_WIDTH = 190
const VALUE_WIDTH = 70
const BAR_HEIGHT = 18
const ROW_HEIGHT = 26
const TITLE_HEIGHT = 36
const PANEL_GAP = 28
/** A bar so many times as long as the median one is cut: its number tells the rest. */
const MOST_MEDIANS = 3

/** Text that can be read on a light page and on a dark one. */
const style = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 15px }
    .note { fill: #656d76 }
    .ours { fill: #0969da }
    .other { fill: #8c959f }
    .cut { stroke: #ffffff; stroke-width: 3 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .note { fill: #8d96a0 }
      .ours { fill: #4493f8 }
      .other { fill: #6e7681 }
      .cut { stroke: #0d1117 }
    }`

/** The named figures as horizontal bars, one panel each, best first: a whole SVG document. */
export function chartOf(figures: readonly Figure[], panels: readonly Panel[]): string {
  let y = 0
  const drawn: string[] = []
  for (const panel of panels) {
    const bars = barsOf(figures, panel)
    if (bars.length === 0) continue
    drawn.push(drawPanel(panel, bars, y))
    y += TITLE_HEIGHT + bars.length * ROW_HEIGHT + PANEL_GAP
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${Math.max(0, y - PANEL_GAP)}" role="img" aria-label="splice65 beside its peers">
  <style>${style}
  </style>
${drawn.join('\n')}
</svg>
`
}

/** What one panel shows. */
export interface Panel {
  /** Name of the figure. */
  readonly figure: string
  readonly title: string
  readonly better: 'less' | 'more'
}

function barsOf(figures: readonly Figure[], { figure, better }: Panel): Bar[] {
  const sign = better === 'less' ? 1 : -1
  return figures
    .filter(({ name, rounds }) => name === figure && rounds.length > 0)
    .map(({ subject, rounds }) => ({ label: subject, value: median(rounds), ours: subject.startsWith('splice65') }))
    .sort((a, b) => sign * (a.value - b.value))
}

function drawPanel({ title, better }: Panel, bars: readonly Bar[], top: number): string {
  const values = bars.map(({ value }) => value)
  const longest = Math.min(Math.max(...values), median(values) * MOST_MEDIANS)
  const room = WIDTH - LABEL_WIDTH - VALUE_WIDTH
  const rows = bars.map((bar, i) => drawBar(bar, { top: top + TITLE_HEIGHT + i * ROW_HEIGHT, longest, room }))
  const note = better === 'less' ? 'less is better' : 'more is better'
  return [
    `  <text class="title" x="0" y="${top + 20}">${escaped(title)}<tspan class="note" dx="10" font-weight="400">${note}</tspan></text>`,
    ...rows,
  ].join('\n')
}

function drawBar(
  { label, value, ours }: Bar,
  { top, longest, room }: { readonly top: number; readonly longest: number; readonly room: number },
): string {
  const cut = value > longest
  const width = Math.max(1, Math.round((Math.min(value, longest) / longest) * room))
  const middle = top + BAR_HEIGHT / 2 + 5
  const end = LABEL_WIDTH + width
  return [
    `  <text x="${LABEL_WIDTH - 10}" y="${middle}" text-anchor="end">${escaped(label)}</text>`,
    `  <rect class="${ours ? 'ours' : 'other'}" x="${LABEL_WIDTH}" y="${top}" width="${width}" height="${BAR_HEIGHT}" rx="2"/>`,
    ...(cut ? [`  <path class="cut" d="M${end - 24} ${top + BAR_HEIGHT + 2}l8 ${-BAR_HEIGHT - 4}"/>`] : []),
    `  <text x="${end + 8}" y="${middle}">${short(value)}</text>`,
  ].join('\n')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
