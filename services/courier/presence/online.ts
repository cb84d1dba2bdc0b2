import { formatBareJid, formatJid, type Jid } from '../../shared/bytestream/jid.ts'
import type { OnlineResource } from './presence.ts'

/** More users than this, and the one that was heard of first is forgotten. */
const mostUsers = 50_000
/** A user's resources that are remembered. */
const mostResources = 32

/** Which resources of whom are online, as far as we were told. */
export class Online {
  /** By bare JID, then by full JID; the latest last. */
  readonly #users = new Map<string, Map<string, OnlineResource>>()

  /** Users of whom something is known. */
  get users(): Iterable<string> {
    return this.#users.keys()
  }

  /** A resource is online. Whether it was not before. */
  add(jid: Jid, priority: number): boolean {
    const user = formatBareJid(jid)
    const full = formatJid(jid)
    const resources = this.#users.get(user) ?? new Map<string, OnlineResource>()
    const isNew = !resources.has(full)
    if (isNew && resources.size >= mostResources) return false
    resources.set(full, { jid: full, priority })
    this.#users.set(user, resources)
    const [first] = this.#users.keys()
    if (this.#users.size > mostUsers && first !== undefined) this.#users.delete(first)
    return isNew
  }

  /** A resource is not online any more; of a bare JID, none is. */
  remove(jid: Jid): void {
    const user = formatBareJid(jid)
    const resources = this.#users.get(user)
    resources?.delete(formatJid(jid))
    if (jid.resource === '' || resources?.size === 0) this.#users.delete(user)
  }

  /** Nothing is known of a user. */
  forget(user: string): void {
    this.#users.delete(user)
  }

  clear(): void {
    this.#users.clear()
  }

  /** The resources of a user: highest priority first, and of equals the one that came last. */
  resources(user: string): OnlineResource[] {
    return [...(this.#users.get(user)?.values() ?? [])].reverse().sort((a, b) => b.priority - a.priority)
  }
}
