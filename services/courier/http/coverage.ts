import type { ByteRange } from './byte-range.ts'

/** Readers who fetch more pieces at once than this are not followed. */
const mostPieces = 64
/** Files that are read in pieces at a time; the one that was longest not read is forgotten. */
const mostFiles = 1_000

/**
 * Which bytes of which files have been read in pieces: a download that broke and went on, or one of several connections.
 * It is remembered here alone; after a restart such a download counts as broken.
 */
export class Coverage {
  readonly #files = new Map<string, ByteRange[]>()

  /** Whether with these bytes all of the file have been read, since the last time they had. */
  completes(file: string, piece: ByteRange, size: number): boolean {
    const [first] = merge(this.#files.get(file) ?? [], piece)
    return first !== undefined && first.start === 0 && first.end >= size
  }

  /** These bytes were read. */
  add(file: string, piece: ByteRange, size: number): void {
    const pieces = merge(this.#files.get(file) ?? [], piece)
    this.#files.delete(file)
    const isWhole = pieces[0]?.start === 0 && pieces[0].end >= size
    if (isWhole || pieces.length > mostPieces) return
    this.#files.set(file, pieces)
    for (const oldest of this.#files.keys()) {
      if (this.#files.size <= mostFiles) break
      this.#files.delete(oldest)
    }
  }
}

/** Pieces in order, of which none touches another, with one more. */
function merge(pieces: readonly ByteRange[], piece: ByteRange): ByteRange[] {
  const touching = pieces.filter(({ start, end }) => start <= piece.end && end >= piece.start)
  const merged = {
    start: Math.min(piece.start, ...touching.map(({ start }) => start)),
    end: Math.max(piece.end, ...touching.map(({ end }) => end)),
  }
  const others = pieces.filter((other) => !touching.includes(other))
  return [...others, merged].sort((one, other) => one.start - other.start)
}
