import { formatBareJid, formatJid, type Jid, parseJid } from '../../shared/bytestream/jid.ts'
import type { Admission } from '../../shared/component/admission.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import { attribute, type Element, xml } from '../../shared/xmpp/xml.ts'
import { ownResource, userOf } from '../addresses/address.ts'
import type { Switchboard } from '../addresses/switchboard.ts'
import type { Records } from '../records/records.ts'
import { Paced } from './paced.ts'
import { Turns } from './turns.ts'

export interface OwnPresenceParts {
  readonly switchboard: Pick<Switchboard, 'send' | 'capabilities' | 'onPresence'>
  readonly records: Pick<Records, 'subscription' | 'setSubscription' | 'followers'>
  /** Who may see whether our addresses are online, which tells nothing but that we are. */
  readonly mayFollow: Admission
  readonly clock: Clock
  readonly events: {
    /** Presence could not be sent, or what was asked of us not remembered. */
    presenceFailed(error: unknown): void
  }
}

export interface OwnPresenceOptions {
  readonly componentDomain: string
  readonly presencePerSecond: number
}

/** Addresses of ours that one user may follow. */
const mostFollowed = 1_000
const farewellMs = 2_000

/**
 * The presence of our addresses, as a gateway has it: whoever has one on his roster sees it online, with a resource that
 * files can be offered to. The server keeps no roster for a component, so who follows whom is in the records, and is
 * told again after every reconnect. `stop()` says that we are gone.
 */
export class OwnPresence {
  readonly #parts: OwnPresenceParts
  readonly #componentDomain: string
  readonly #paced: Paced
  readonly #turns = new Turns()
  readonly #stopListening: () => void

  constructor(parts: OwnPresenceParts, { componentDomain, presencePerSecond }: OwnPresenceOptions) {
    this.#parts = parts
    this.#componentDomain = componentDomain
    this.#paced = new Paced(parts, { perSecond: presencePerSecond })
    this.#stopListening = parts.switchboard.onPresence((presence) => this.#take(presence))
  }

  /** The component is connected: tells everybody who follows us, by and by. */
  connected(): void {
    void this.#guarded(async () => {
      for (const { user, follows } of await this.#parts.records.followers()) {
        for (const address of follows) {
          this.#paced.add(`${user} ${address}`, () => this.#guarded(() => this.#show(parseJid(address), user)))
        }
      }
    })
  }

  disconnected(): void {
    this.#paced.clear()
  }

  /** Tells everybody who follows us that we are not there any more; resolves when that is done, or takes too long. */
  async stop(): Promise<void> {
    const { clock, records } = this.#parts
    this.#stopListening()
    this.#paced.clear()
    const tooLong = Promise.withResolvers<void>()
    const cancel = clock.after(farewellMs, tooLong.resolve)
    const told = this.#guarded(async () => {
      const followers = await records.followers()
      const gone = followers.flatMap(({ user, follows }) =>
        follows.map((address) => this.#show(parseJid(address), user, 'unavailable')),
      )
      await Promise.all(gone)
    })
    await Promise.race([told, tooLong.promise])
    cancel()
  }

  #take(presence: Element): void {
    const from = parseJid(attribute(presence, 'from') ?? '')
    const to = parseJid(attribute(presence, 'to') ?? '')
    const answers: Readonly<Record<string, () => Promise<void>>> = {
      subscribe: () => this.#subscribe(from, to),
      unsubscribe: () => this.#unsubscribe(from, to),
      probe: () => this.#probe(from, to),
    }
    const answer = answers[attribute(presence, 'type') ?? '']
    if (answer) void this.#guarded(() => this.#turns.run(formatBareJid(from), answer))
  }

  async #subscribe(from: Jid, to: Jid): Promise<void> {
    if (!(await this.#follow(from, to))) return this.#say('unsubscribed', to, from)
    await this.#say('subscribed', to, from)
    await this.#show(to, formatBareJid(from))
  }

  async #unsubscribe(from: Jid, to: Jid): Promise<void> {
    const { records } = this.#parts
    const user = formatBareJid(from)
    const address = formatBareJid(to)
    const { follows } = await records.subscription(user)
    if (!follows.includes(address)) return
    await records.setSubscription(user, { follows: follows.filter((each) => each !== address) })
    await this.#show(to, user, 'unavailable')
    await this.#say('unsubscribed', to, from)
  }

  /** His server asks, so it believes that he follows us: where we have forgotten that, we know it again (RFC 6121 §4.3.2). */
  async #probe(from: Jid, to: Jid): Promise<void> {
    if (await this.#follow(from, to)) await this.#show(to, formatJid(from))
    else await this.#say('unsubscribed', to, from)
  }

  /** Remembers that he follows an address. False when he may not. */
  async #follow(from: Jid, to: Jid): Promise<boolean> {
    const { records, mayFollow } = this.#parts
    const address = formatBareJid(to)
    if (!mayFollow(from) || (to.local !== '' && userOf(to) === undefined)) return false
    const user = formatBareJid(from)
    const { follows } = await records.subscription(user)
    if (follows.includes(address)) return true
    if (follows.length >= mostFollowed) return false
    await records.setSubscription(user, { follows: [...follows, address] })
    return true
  }

  /** Subscriptions are between bare JIDs. */
  #say(type: 'subscribed' | 'unsubscribed', address: Jid, to: Jid): Promise<void> {
    return this.#parts.switchboard.send(xml('presence', { type, from: formatBareJid(address), to: formatBareJid(to) }))
  }

  #show({ local }: Jid, to: string, type?: 'unavailable'): Promise<void> {
    const { switchboard } = this.#parts
    const own: Jid = { local, domain: this.#componentDomain, resource: local === '' ? '' : ownResource }
    const capabilities = type ? undefined : switchboard.capabilities(local === '' ? 'service' : 'user')
    return switchboard.send(xml('presence', { type, from: formatJid(own), to }, capabilities))
  }

  async #guarded(attempt: () => Promise<void>): Promise<void> {
    try {
      await attempt()
    } catch (error) {
      this.#parts.events.presenceFailed(error)
    }
  }
}
