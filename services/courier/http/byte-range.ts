/** Bytes from `start` up to and without `end`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * What a Range header asks of so many bytes (RFC 9110 §14): one range, `unsatisfiable`, or undefined for the whole. What
 * cannot be read and what asks for several ranges is answered with the whole, as §14.2 allows.
 */
export function readRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  // Numbers beyond what is exact are beyond every file too.
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  if (first === '')
    return last === '' || Number(last) === 0 || size === 0 ? 'unsatisfiable' : suffix(Number(last), size)
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  return start < size ? { start, end } : 'unsatisfiable'
}

/** Where the bytes of a PUT belong that does not send all of them (RFC 9110 §14.4). */
export interface ContentRange extends ByteRange {
  readonly size: number
}

/**
 * Reads the Content-Range of a PUT: `bytes 100-199/200`, or `bytes 100-/200` for all that is left. Undefined for what is
 * none, or says a range that a file of that size does not have.
 */
export function readContentRange(header: string): ContentRange | undefined {
  const [, first, last, total] = /^bytes[ \t]+(\d{1,15})-(\d{0,15})\/(\d{1,15})$/i.exec(header.trim()) ?? []
  if (first === undefined || last === undefined || total === undefined) return undefined
  const size = Number(total)
  const range = { start: Number(first), end: last === '' ? size : Number(last) + 1, size }
  return range.start < range.end && range.end <= size ? range : undefined
}

function suffix(length: number, size: number): ByteRange {
  return { start: Math.max(0, size - length), end: size }
}
