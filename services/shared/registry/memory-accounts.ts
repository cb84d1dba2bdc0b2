import type { Clock } from '../runtime/clock.ts'
import type { AccountLimits, Accounts, Charge, Entrance } from './accounts.ts'

const DAY_MS = 86_400_000

/** A bytestream that is counted, until its lease runs out. */
interface Entry {
  readonly untilMs: number
  /** Bytes since its start that have been charged; undefined before the first charge. */
  readonly charged: number | undefined
}

interface Account {
  readonly entries: Map<string, Entry>
  day: number
  bytes: number
}

interface MemoryAccountsParts {
  readonly clock: Clock
  /** Days since 1970, UTC. */
  readonly today: () => number
  /** Called when there is something that will have to be swept. */
  readonly touched: () => void
}

/** Accounts in this process. Leases run out by `clock`, days by the calendar. */
export class MemoryAccounts implements Accounts {
  readonly #clock: Clock
  readonly #leaseMs: number
  readonly #today: () => number
  readonly #touched: () => void
  readonly #accounts = new Map<string, Account>()

  constructor(parts: MemoryAccountsParts, options: { readonly leaseMs: number }) {
    this.#clock = parts.clock
    this.#today = parts.today
    this.#touched = parts.touched
    this.#leaseMs = options.leaseMs
  }

  async enter(name: string, entry: string, limits: AccountLimits): Promise<Entrance> {
    const account = this.#account(name)
    const known = account.entries.get(entry)
    if (!known && limits.bytestreams > 0 && account.entries.size >= limits.bytestreams) return { state: 'crowded' }
    if (!known && limits.dailyBytes > 0 && account.bytes >= limits.dailyBytes) {
      return { state: 'spent', untilMs: (account.day + 1) * DAY_MS }
    }
    this.#lease(account, entry, known?.charged)
    return { state: known ? 'again' : 'entered' }
  }

  async renew(name: string, entry: string): Promise<void> {
    const account = this.#account(name)
    this.#lease(account, entry, account.entries.get(entry)?.charged)
  }

  async charge(name: string, entry: string, { charged, total }: Charge): Promise<number> {
    const account = this.#account(name)
    const known = account.entries.get(entry)?.charged ?? charged
    account.bytes += Math.max(0, total - known)
    this.#lease(account, entry, Math.max(total, known))
    return account.bytes
  }

  async leave(name: string, entry: string): Promise<void> {
    this.#account(name).entries.delete(entry)
  }

  /** Drops accounts that hold nothing any more; true when none is left. */
  sweep(): boolean {
    for (const [name, account] of this.#accounts) {
      this.#prune(account)
      if (account.entries.size === 0 && account.bytes === 0) this.#accounts.delete(name)
    }
    return this.#accounts.size === 0
  }

  clear(): void {
    this.#accounts.clear()
  }

  #lease(account: Account, entry: string, charged: number | undefined): void {
    account.entries.set(entry, { untilMs: this.#clock.now() + this.#leaseMs, charged })
  }

  /** The account without what has run out. */
  #account(name: string): Account {
    const account = this.#accounts.get(name) ?? { entries: new Map(), day: this.#today(), bytes: 0 }
    this.#accounts.set(name, account)
    this.#touched()
    this.#prune(account)
    return account
  }

  #prune(account: Account): void {
    const today = this.#today()
    if (account.day !== today) Object.assign(account, { day: today, bytes: 0 })
    for (const [entry, { untilMs }] of account.entries) {
      if (untilMs <= this.#clock.now()) account.entries.delete(entry)
    }
  }
}
