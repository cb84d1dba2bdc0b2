import { formatBareJid, formatJid, parseJid } from '../../shared/bytestream/jid.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import { queryStreamhosts } from '../../shared/transfer/proxies.ts'
import type { ChooseStreamhosts, Streamhost } from '../../shared/transfer/streamhost.ts'
import type { Session } from '../../shared/xmpp/session.ts'

export interface OwnProxiesParts {
  /** Who asks the proxies: the component itself. */
  readonly session: Session
  readonly clock: Clock
  readonly events: {
    /** A proxy of ours did not tell its addresses: what it carries comes in-band meanwhile. */
    proxySilent(proxy: string, error: unknown): void
  }
}

/** How long what a proxy has told is believed. */
const believedMs = 60_000

/** What a proxy told. */
interface Told {
  readonly atMs: number
  readonly streamhosts: Promise<readonly Streamhost[]>
}

/**
 * The proxies that the courier joins. A client names the streamhosts of a bytestream, and could name any address of
 * the network we stand in: only an address that one of these proxies has told us itself is dialled.
 */
export class OwnProxies {
  readonly #parts: OwnProxiesParts
  readonly #proxies: ReadonlySet<string>
  readonly #told = new Map<string, Told>()

  constructor(parts: OwnProxiesParts, { proxies }: { readonly proxies: readonly string[] }) {
    this.#parts = parts
    this.#proxies = new Set(proxies.map((proxy) => formatJid(parseJid(proxy))))
  }

  /** Those of the offered streamhosts that are ours, as they were offered. */
  readonly choose: ChooseStreamhosts = async (offered) => {
    const chosen = await Promise.all(
      offered.map(async (streamhost) => {
        const proxy = this.#proxyOf(streamhost.jid)
        return proxy !== undefined && (await this.#knows(proxy, streamhost))
      }),
    )
    return offered.filter((_, index) => chosen[index])
  }

  /** The proxy that a streamhost belongs to: each relay may have a resource of its own. */
  #proxyOf(streamhostJid: string): string | undefined {
    try {
      const jid = parseJid(streamhostJid)
      return [formatJid(jid), formatBareJid(jid)].find((text) => this.#proxies.has(text))
    } catch {
      return undefined
    }
  }

  async #knows(proxy: string, { host, port }: Streamhost): Promise<boolean> {
    const streamhosts = await this.#addressesOf(proxy)
    return streamhosts.some((own) => own.host === host && own.port === port)
  }

  #addressesOf(proxy: string): Promise<readonly Streamhost[]> {
    const { session, clock, events } = this.#parts
    const told = this.#told.get(proxy)
    if (told && clock.now() - told.atMs < believedMs) return told.streamhosts
    const streamhosts = queryStreamhosts(session, proxy, () => {}).catch((error: unknown) => {
      // The next offer asks again.
      this.#told.delete(proxy)
      events.proxySilent(proxy, error)
      return []
    })
    this.#told.set(proxy, { atMs: clock.now(), streamhosts })
    return streamhosts
  }
}
