import type { Cluster, Redis } from 'ioredis'
import { Failure, messageOf } from '../bytestream/failure.ts'
import type { Room } from '../bytestream/room.ts'
import type { Accounts } from './accounts.ts'
import { warnOfEviction } from './eviction.ts'
import { Reachability, type ReachabilityLog } from './reachability.ts'
import { parseHalf, parseRelay, type RecordFault, type RecordKind, UnreadableRecord } from './records.ts'
import { RedisAccounts } from './redis-accounts.ts'
import { openRedisClient } from './redis-client.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { ActivationClaim, Claim, HalfRecord, Registry, RegistryTerms, RelayRecord } from './registry.ts'
import { defaultTerms } from './registry.ts'
import { defineScripts, type RunScript, type ScriptName } from './scripts.ts'
import { takenFailure } from './taken.ts'

/** Collaborators of a Redis registry. */
export interface RedisRegistryParts {
  readonly log?: ReachabilityLog
  /** Told about every request when it has ended. `operation` is one of a closed set. */
  readonly onRequest?: (operation: ScriptName, outcome: 'ok' | 'error', seconds: number) => void
  /** Told about every record that cannot be read. */
  readonly onUnreadable?: (kind: RecordKind, fault: RecordFault) => void
}

export interface RedisRegistryOptions {
  readonly terms?: Partial<RegistryTerms>
  /** Every call ends within this. Default 500. */
  readonly commandTimeoutMs?: number
  /** What every key begins with. Default `splice65:`. */
  readonly prefix?: string
}

/**
 * Opens the registry that several processes share, in a Redis named by `url` (see `parseRedisUrl`). Resolves when Redis
 * was reached, or the first attempt failed or took too long: it goes on trying in the background, and until it
 * succeeds every call throws `unavailable` at once. Throws `malformed` for a URL that says nothing. The caller closes the registry.
 */
export async function connectRegistry(
  url: string,
  parts: RedisRegistryParts = {},
  options: RedisRegistryOptions = {},
): Promise<Registry> {
  const commandTimeoutMs = options.commandTimeoutMs ?? 500
  const client = openRedisClient(parseRedisUrl(url), commandTimeoutMs)
  const reachability = new Reachability(client, parts.log)
  if (parts.log) warnOfEviction(client, parts.log)
  const registry = new RedisRegistry({ client, reachability, ...parts }, { ...options, commandTimeoutMs })
  await reachability.settled(2 * commandTimeoutMs)
  return registry
}

class RedisRegistry implements Registry {
  readonly accounts: Accounts
  readonly #client: Redis | Cluster
  readonly #reachability: Reachability
  readonly #onRequest: RedisRegistryParts['onRequest']
  readonly #onUnreadable: RedisRegistryParts['onUnreadable']
  readonly #run: RunScript
  readonly #terms: RegistryTerms
  readonly #commandTimeoutMs: number
  readonly #prefix: string

  constructor(
    parts: { readonly client: Redis | Cluster; readonly reachability: Reachability } & RedisRegistryParts,
    options: RedisRegistryOptions & { commandTimeoutMs: number },
  ) {
    this.#client = parts.client
    this.#reachability = parts.reachability
    this.#onRequest = parts.onRequest
    this.#onUnreadable = parts.onUnreadable
    this.#run = defineScripts(parts.client)
    this.#terms = { ...defaultTerms, ...options.terms }
    this.#commandTimeoutMs = options.commandTimeoutMs
    this.#prefix = options.prefix ?? 'splice65:'
    this.accounts = new RedisAccounts(
      { ask: (...asked) => this.#request(...asked) },
      { prefix: this.#prefix, leaseMs: this.#terms.entryLeaseMs },
    )
  }

  async claim(room: Room, half: HalfRecord): Promise<Claim> {
    const args = [JSON.stringify(half), this.#terms.halfLeaseMs]
    const claim = await this.#request('claim', [this.#roomKey(room)], args, (reply): Claim | 'taken' => {
      const [slot, replaced] = texts(reply)
      if (slot === 'taken') return slot
      if (slot !== 'first' && slot !== 'second') throw new Error(`unexpected answer ${slot}`)
      return replaced === undefined ? { slot } : { slot, replaced: this.#read(parseHalf, replaced) }
    })
    if (claim === 'taken') throw takenFailure(room)
    return claim
  }

  renew(room: Room, half: HalfRecord): Promise<boolean> {
    const args = [JSON.stringify(half), this.#terms.halfLeaseMs]
    return this.#request('renew', [this.#roomKey(room)], args, (reply) => reply === 1)
  }

  release(room: Room, halfId: string): Promise<void> {
    return this.#request('release', [this.#roomKey(room)], [halfId], nothing)
  }

  claimActivation(room: Room, claimant: string): Promise<ActivationClaim> {
    const args = [claimant, this.#terms.activationLeaseMs]
    return this.#request('claim-activation', [this.#roomKey(room)], args, (reply): ActivationClaim => {
      const [state, ...records] = texts(reply)
      if (state === 'activated' || state === 'activating') return { state }
      const halves = records.map((json) => this.#read(parseHalf, json))
      const [first, second] = halves
      if (state === 'waiting') return { state, halves }
      if (state === 'claimed' && first && second) return { state, halves: [first, second] }
      throw new Error(`unexpected answer ${state}`)
    })
  }

  settleActivation(room: Room, claimant: string, joined: boolean): Promise<void> {
    if (joined) return this.bury(room)
    return this.#request('abandon-activation', [this.#roomKey(room)], [claimant], nothing)
  }

  bury(room: Room): Promise<void> {
    return this.#request('bury', [this.#roomKey(room)], [this.#terms.tombstoneMs], nothing)
  }

  announce(relay: RelayRecord): Promise<RelayRecord[]> {
    const args = [relay.name, JSON.stringify(relay), this.#terms.relayLeaseMs]
    return this.#request('announce', [this.#directoryKey], args, this.#readDirectory)
  }

  withdraw(relayName: string): Promise<void> {
    return this.#request('withdraw', [this.#directoryKey], [relayName], nothing)
  }

  relays(): Promise<RelayRecord[]> {
    return this.#request('relays', [this.#directoryKey], [], this.#readDirectory)
  }

  get reachable(): boolean {
    return this.#reachability.reachable
  }

  onReturn(listener: () => void): () => void {
    return this.#reachability.onReturn(listener)
  }

  async close(): Promise<void> {
    this.#reachability.stop()
    if (this.#client.status === 'end') return
    await new Promise<void>((resolve) => {
      // A client between two attempts to connect ends without saying so.
      const giveUp = setTimeout(resolve, this.#commandTimeoutMs)
      this.#client.once('end', () => {
        clearTimeout(giveUp)
        resolve()
      })
      this.#client.disconnect()
    })
  }

  get #directoryKey(): string {
    return `${this.#prefix}{relays}`
  }

  /** The braces keep all that belongs to one digest on one node of a Cluster. */
  #roomKey(room: Room): string {
    return `${this.#prefix}{${room.digest}}:${room.streamhost}`
  }

  readonly #readDirectory = (reply: unknown): RelayRecord[] =>
    texts(reply)
      // One entry that is not ours must not hide all relays.
      .flatMap((json) => this.#readOrSkip(json))
      .sort((a, b) => (a.name < b.name ? -1 : 1))

  #readOrSkip(json: string): RelayRecord[] {
    try {
      return [this.#read(parseRelay, json)]
    } catch (error) {
      if (error instanceof UnreadableRecord) return []
      throw error
    }
  }

  #read<T>(parse: (json: string) => T, json: string): T {
    try {
      return parse(json)
    } catch (error) {
      if (error instanceof UnreadableRecord) this.#onUnreadable?.(error.kind, error.fault)
      throw error
    }
  }

  /** Runs a script and reads its answer, within the deadline; whatever goes wrong is `unavailable`. */
  async #request<T>(
    operation: ScriptName,
    keys: readonly string[],
    args: readonly (string | number)[],
    read: (reply: unknown) => T,
  ): Promise<T> {
    const startedMs = performance.now()
    const seconds = () => (performance.now() - startedMs) / 1000
    try {
      const answer = read(await within(this.#commandTimeoutMs, this.#run(operation, keys, args)))
      this.#onRequest?.(operation, 'ok', seconds())
      return answer
    } catch (error) {
      this.#onRequest?.(operation, 'error', seconds())
      throw unavailable(operation, error)
    }
  }
}

/** The deadline is kept here: a Cluster client looks for the right node for longer than any of its options says. */
async function within<T>(timeoutMs: number, reply: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([reply, deadline])
  } finally {
    clearTimeout(timer)
  }
}

function unavailable(operation: ScriptName, cause: unknown): Failure {
  // ioredis hangs the command on its errors, and with it the digest, which is a client's only credential.
  if (cause instanceof Error) Reflect.deleteProperty(cause, 'command')
  const detail = messageOf(cause)
  return new Failure('unavailable', `Cannot ask the registry to ${operation}: ${detail}`, { cause })
}

function texts(reply: unknown): string[] {
  if (!Array.isArray(reply)) throw new Error('unexpected answer')
  return reply.map(String)
}

function nothing(): void {}
