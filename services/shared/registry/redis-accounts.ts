import type { AccountLimits, Accounts, Charge, Entrance } from './accounts.ts'
import type { ScriptName } from './scripts.ts'

/** Runs a script on its keys and reads its answer; throws `unavailable`. */
export type AskRedis = <T>(
  operation: ScriptName,
  keys: readonly string[],
  args: readonly (string | number)[],
  read: (reply: unknown) => T,
) => Promise<T>

/** Accounts in Redis, two keys each: who is counted, and the bytes of the day. The braces keep both on one node of a Cluster. */
export class RedisAccounts implements Accounts {
  readonly #ask: AskRedis
  readonly #prefix: string
  readonly #leaseMs: number

  constructor({ ask }: { readonly ask: AskRedis }, options: { readonly prefix: string; readonly leaseMs: number }) {
    this.#ask = ask
    this.#prefix = options.prefix
    this.#leaseMs = options.leaseMs
  }

  enter(account: string, entry: string, { bytestreams, dailyBytes }: AccountLimits): Promise<Entrance> {
    const args = [entry, this.#leaseMs, bytestreams, dailyBytes]
    return this.#ask('enter-account', this.#keys(account), args, (reply): Entrance => {
      const [state, until] = Array.isArray(reply) ? reply.map(String) : []
      if (state === 'spent') return { state, untilMs: Number(until) }
      if (state === 'entered' || state === 'again' || state === 'crowded') return { state }
      throw new Error(`unexpected answer ${state}`)
    })
  }

  renew(account: string, entry: string): Promise<void> {
    return this.#ask('renew-account', this.#keys(account), [entry, this.#leaseMs], () => {})
  }

  charge(account: string, entry: string, { charged, total }: Charge): Promise<number> {
    return this.#ask('charge-account', this.#keys(account), [entry, this.#leaseMs, charged, total], Number)
  }

  leave(account: string, entry: string): Promise<void> {
    return this.#ask('leave-account', this.#keys(account), [entry], () => {})
  }

  #keys(account: string): [live: string, day: string] {
    return [`${this.#prefix}{${account}}:live`, `${this.#prefix}{${account}}:day`]
  }
}
