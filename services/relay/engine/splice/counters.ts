import type { Progress } from '../engine.ts'

/** Numbers of one flow: bytes and blocked, of either direction. */
const NUMBERS = 4
const SLOTS_A_BLOCK = 1024

/** Where one flow's counters are: shared memory that its worker writes and the main thread reads. */
export interface CounterSlot {
  readonly block: SharedArrayBuffer
  readonly slot: number
}

/** Hands out counter slots, in blocks of shared memory that are never moved. */
export class CounterSlots {
  readonly #free: CounterSlot[] = []

  take(): CounterSlot {
    const free = this.#free.pop()
    if (free) {
      new Float64Array(free.block, free.slot * NUMBERS * 8, NUMBERS).fill(0)
      return free
    }
    const block = new SharedArrayBuffer(SLOTS_A_BLOCK * NUMBERS * 8)
    for (let slot = SLOTS_A_BLOCK - 1; slot > 0; slot--) this.#free.push({ block, slot })
    return { block, slot: 0 }
  }

  giveBack(slot: CounterSlot): void {
    this.#free.push(slot)
  }
}

/** Reads a flow's counters. A 64-bit number that is aligned is read whole on every machine we run on. */
export function readCounters({ block, slot }: CounterSlot): { fromFirst: Progress; fromSecond: Progress } {
  const [first = 0, firstBlocked, second = 0, secondBlocked] = new Float64Array(block, slot * NUMBERS * 8, NUMBERS)
  return {
    fromFirst: { bytes: first, blocked: firstBlocked === 1 },
    fromSecond: { bytes: second, blocked: secondBlocked === 1 },
  }
}

/** The worker's side of a slot. */
export function openCounters(block: SharedArrayBuffer, slot: number): Float64Array {
  return new Float64Array(block, slot * NUMBERS * 8, NUMBERS)
}
