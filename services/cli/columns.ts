/** One column of a table. */
export interface Column<Row> {
  readonly title: string
  /** What stands in it; text of others must be printable already. */
  readonly cell: (row: Row) => string
  /** Numbers stand at the right. */
  readonly right?: boolean
}

const GAP = '  '

/** A table as lines: a line of titles and one for each row, every column as wide as it must be. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row)))]
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => widthOf(line[at] ?? ''))))
  return cells.map((line) =>
    line
      .map((cell, at) => {
        const padding = ' '.repeat((widths[at] ?? 0) - widthOf(cell))
        return columns[at]?.right ? padding + cell : cell + padding
      })
      .join(GAP)
      .trimEnd(),
  )
}

/** The text, cut to so many places of a terminal; where something is lost it ends with `…`. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let room = width - 1
  for (const character of text) {
    room -= widthOf(character)
    if (room < 0) break
    kept += character
  }
  return width > 0 ? `${kept}…` : ''
}

const mark = /\p{M}/u
// East Asian Wide and Fullwidth, and pictures, as terminals draw them (Unicode Standard Annex #11).
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** How many places of a terminal the text takes. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) {
    if (character > '\u02ff' && mark.test(character)) continue
    width += character > '\u10ff' && wide.test(character) ? 2 : 1
  }
  return width
}
