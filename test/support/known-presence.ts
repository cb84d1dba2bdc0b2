import type { OnlineResource, Presence } from '../../services/courier/presence/presence.ts'

/** Presence that a test makes up. */
export class KnownPresence implements Presence {
  /** Bare JIDs that agreed. */
  readonly agreeing = new Set<string>()
  /** Bare JIDs that were awaited, in order. */
  readonly awaited: string[] = []
  readonly #online = new Map<string, OnlineResource[]>()
  readonly #listeners = new Set<(user: string) => void>()

  resources(user: string): readonly OnlineResource[] {
    return [...(this.#online.get(user) ?? [])].sort((one, other) => other.priority - one.priority)
  }

  async agreed(user: string): Promise<boolean> {
    return this.agreeing.has(user)
  }

  async await(user: string): Promise<void> {
    this.awaited.push(user)
  }

  onArrival(listener: (user: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A resource comes. */
  arrive(jid: string, priority = 0): void {
    const user = bare(jid)
    this.#online.set(user, [...this.resources(user).filter((each) => each.jid !== jid), { jid, priority }])
    for (const listener of [...this.#listeners]) listener(user)
  }

  /** A resource goes. */
  leave(jid: string): void {
    const user = bare(jid)
    this.#online.set(
      user,
      this.resources(user).filter((each) => each.jid !== jid),
    )
  }
}

function bare(jid: string): string {
  return jid.replace(/\/.*$/, '')
}
