import { sourceOf } from './source.ts'

/** A place that somebody has taken. */
export interface Place {
  /** It is free again; further calls do nothing. */
  giveBack(): void
}

/** Why there is none: all are taken, or all of this client's. */
export type NoPlace = 'full' | 'source-full'

export interface PlacesOptions {
  /** How many there are in all; infinite where something else bounds them. */
  readonly most: number
  /** How many of them one client may have, by its address; 0 sets no limit. */
  readonly mostPerSource: number
}

/** Places that clients take while they ask something of us, bounded in all and per client. */
export class Places {
  readonly #options: PlacesOptions
  readonly #bySource = new Map<string, number>()
  #taken = 0

  constructor(options: PlacesOptions) {
    this.#options = options
  }

  /** Takes one. `address` is left out where it says nothing about the client. */
  take(address?: string): Place | NoPlace {
    const { most, mostPerSource } = this.#options
    const source = address === undefined || mostPerSource === 0 ? undefined : sourceOf(address)
    if (this.#taken >= most) return 'full'
    if (source !== undefined && (this.#bySource.get(source) ?? 0) >= mostPerSource) return 'source-full'
    this.#count(source, 1)
    let taken = true
    return {
      giveBack: () => {
        if (taken) this.#count(source, -1)
        taken = false
      },
    }
  }

  #count(source: string | undefined, by: 1 | -1): void {
    this.#taken += by
    if (source === undefined) return
    const left = (this.#bySource.get(source) ?? 0) + by
    if (left > 0) this.#bySource.set(source, left)
    else this.#bySource.delete(source)
  }
}
