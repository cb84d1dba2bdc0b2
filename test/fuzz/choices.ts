/**
 * The choices from which an input is made: random at first, and recorded, so that the same input can be made again and
 * smaller ones be made by taking choices away. Of two choices the lower is the simpler; what is missing is 0.
 */
export class Choices {
  readonly made: number[] = []
  readonly #next: (bound: number) => number

  private constructor(next: (bound: number) => number) {
    this.#next = next
  }

  /** Choices that follow from a seed. */
  static seeded(seed: number): Choices {
    let state = seed | 0
    // mulberry32
    return new Choices((bound) => {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound)
    })
  }

  /** Choices made before. */
  static repeated(made: readonly number[]): Choices {
    let at = 0
    return new Choices((bound) => (made[at++] ?? 0) % bound)
  }

  /** A whole number from 0 to below `bound`. */
  below(bound: number): number {
    const choice = this.#next(bound)
    this.made.push(choice)
    return choice
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === times - 1
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0]
  }

  /** Up to `most` bytes of any value. */
  bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(most + 1) }, () => this.below(256)))
  }

  /** The bytes cut into pieces: whole, byte by byte, or at any places. */
  cut(bytes: Buffer): Buffer[] {
    const cuts = this.below(4)
    if (cuts === 3) return [...bytes].map((byte) => Buffer.from([byte]))
    const at = Array.from({ length: cuts }, () => this.below(bytes.length + 1)).sort((a, b) => a - b)
    return [...at, bytes.length].map((end, i) => bytes.subarray(at[i - 1] ?? 0, end)).filter(({ length }) => length > 0)
  }

  /** The bytes with a few of them changed, taken away or put in. */
  damage(bytes: Buffer): Buffer {
    let damaged = bytes
    for (let wounds = this.below(4); wounds > 0; wounds--) {
      const at = this.below(damaged.length + 1)
      const [before, behind] = [damaged.subarray(0, at), damaged.subarray(at)]
      switch (this.below(4)) {
        case 0:
          damaged = before
          break
        case 1:
          damaged = Buffer.concat([before, behind.subarray(1 + this.below(8))])
          break
        case 2:
          damaged = Buffer.concat([before, this.bytes(8), behind])
          break
        default:
          damaged = Buffer.concat([before, Buffer.from([this.below(256)]), behind.subarray(1)])
      }
    }
    return damaged
  }
}
