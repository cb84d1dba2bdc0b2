import { asFailure, Failure } from '../../shared/bytestream/failure.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import type { Address, FindAddress } from './find-address.ts'

/** How often a known address is looked at again. */
const LOOK_MS = 60_000
/** The wait after the first look that found none; doubles with every further one. */
const RETRY_MS = 500
/** The longest that wait grows to. */
const RETRY_MOST_MS = 15_000

export interface PublicAddressParts {
  readonly find: FindAddress
  readonly clock: Clock
  readonly events: {
    publicAddressChanged(address: Address): void
    /** Told once for each reason in a row; `address` is what the relay goes on publishing. */
    publicAddressUnknown(failure: Failure, address: Address | undefined): void
  }
}

/**
 * The address at which clients reach this relay alone, as far as it is known. It is looked for until it is found, and
 * looked at again every minute. An answer that there is none takes it away; a question without an answer does not.
 */
export class PublicAddress {
  readonly #parts: PublicAddressParts
  readonly #listenPort: number
  readonly #listeners: (() => void)[] = []
  #current: Address | undefined
  #complaint = ''
  #misses = 0
  #cancel = () => {}
  #stopped = false

  constructor(parts: PublicAddressParts, { listenPort }: { readonly listenPort: number }) {
    this.#parts = parts
    this.#listenPort = listenPort
  }

  get current(): Address | undefined {
    return this.#current
  }

  /** Calls back whenever the address has come, changed or gone. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Looks for the address, and goes on looking. Whoever starts it stops it. */
  start(): void {
    void this.#look()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  async #look(): Promise<void> {
    const looked = await this.#parts
      .find(this.#listenPort)
      .catch((error) => asFailure(error, 'Cannot find the address'))
    if (this.#stopped) return
    if (looked instanceof Failure) this.#miss(looked)
    else this.#hit(looked)
    const retryMs = Math.min(RETRY_MOST_MS, RETRY_MS * 2 ** (this.#misses - 1))
    this.#cancel = this.#parts.clock.after(this.#misses === 0 ? LOOK_MS : retryMs, () => void this.#look())
  }

  #hit(address: Address): void {
    this.#misses = 0
    this.#complaint = ''
    this.#become(address)
  }

  #miss(failure: Failure): void {
    this.#misses += 1
    if (failure.code === 'not-ready' || failure.code === 'not-found') this.#become(undefined)
    if (failure.message === this.#complaint) return
    this.#complaint = failure.message
    this.#parts.events.publicAddressUnknown(failure, this.#current)
  }

  #become(address: Address | undefined): void {
    const before = this.#current
    if (address?.host === before?.host && address?.port === before?.port) return
    this.#current = address
    if (address) this.#parts.events.publicAddressChanged(address)
    for (const listener of this.#listeners) listener()
  }
}
