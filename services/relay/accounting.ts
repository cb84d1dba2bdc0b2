import { asFailure } from '../shared/bytestream/failure.ts'
import type { Registry } from '../shared/registry/registry.ts'
import type { Clock } from '../shared/runtime/clock.ts'
import type { Bytestream, CountedIn } from './bytestream.ts'
import type { RelayEvents } from './events.ts'
import { renewEach } from './renewal.ts'

export interface AccountingParts {
  readonly registry: Pick<Registry, 'accounts' | 'onReturn'>
  readonly clock: Clock
  readonly events: Pick<RelayEvents, 'registryFailed'>
}

/** A bytestream in one account, and how many of its bytes that account has answered for. */
interface Entry {
  readonly bytestream: Bytestream
  readonly account: CountedIn
  charged: number
}

/**
 * Keeps the bytestreams of this relay in the accounts that control counts them in: renews them, charges what they have
 * relayed, and ends those whose account has used up its day. While the registry is away they run on; what they relay
 * meanwhile is charged when it is back, unless they have ended by then.
 */
export class Accounting {
  readonly #parts: AccountingParts
  readonly #chargeMs: number
  readonly #entries = new Set<Entry>()
  readonly #settling = new Set<Promise<void>>()
  readonly #stopWatching: () => void
  #cancel: (() => void) | undefined

  constructor(parts: AccountingParts, options: { readonly chargeMs: number }) {
    this.#parts = parts
    this.#chargeMs = options.chargeMs
    this.#stopWatching = parts.registry.onReturn(() => void this.#chargeAll())
  }

  /** Keeps a bytestream in its accounts until it ends. */
  open(bytestream: Bytestream): void {
    for (const account of bytestream.facts.accounts) {
      const entry = { bytestream, account, charged: 0 }
      this.#entries.add(entry)
      void bytestream.ended.then(() => {
        this.#entries.delete(entry)
        const settled = this.#settle(entry).finally(() => this.#settling.delete(settled))
        this.#settling.add(settled)
      })
    }
    if (this.#entries.size > 0) this.#chargeLater()
  }

  /** Resolves when the last charges of what has ended are through. All bytestreams must have ended. */
  async stop(): Promise<void> {
    this.#stopWatching()
    this.#cancel?.()
    await Promise.all(this.#settling)
  }

  #chargeLater(): void {
    this.#cancel ??= this.#parts.clock.after(this.#chargeMs, async () => {
      await this.#chargeAll()
      this.#cancel = undefined
      if (this.#entries.size > 0) this.#chargeLater()
    })
  }

  #chargeAll(): Promise<void> {
    return renewEach(this.#entries, (entry) => this.#attempt('charge', () => this.#charge(entry)))
  }

  async #charge(entry: Entry): Promise<void> {
    const { bytestream, account } = entry
    const { accounts } = this.#parts.registry
    if (account.dailyBytes === 0) return accounts.renew(account.name, account.entry)
    const { fromFirst, fromSecond } = bytestream.bytes
    const total = fromFirst + fromSecond
    const today = await accounts.charge(account.name, account.entry, { charged: entry.charged, total })
    entry.charged = total
    if (today >= account.dailyBytes) bytestream.end({ outcome: 'exceeded', reason: 'daily-bytes' })
  }

  #settle(entry: Entry): Promise<void> {
    const { name, entry: called, dailyBytes } = entry.account
    return this.#attempt('leave', async () => {
      if (dailyBytes > 0) await this.#charge(entry)
      await this.#parts.registry.accounts.leave(name, called)
    })
  }

  async #attempt(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.#parts.events.registryFailed(`${what}-account`, asFailure(error, `Cannot ${what} in an account`))
    }
  }
}
