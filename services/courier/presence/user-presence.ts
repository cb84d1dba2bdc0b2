import { formatBareJid, type Jid, parseJid } from '../../shared/bytestream/jid.ts'
import type { Admission } from '../../shared/component/admission.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import { attribute, type Element, ns, xml } from '../../shared/xmpp/xml.ts'
import type { Switchboard } from '../addresses/switchboard.ts'
import type { Records } from '../records/records.ts'
import { Online } from './online.ts'
import { Paced } from './paced.ts'
import type { OnlineResource, Presence } from './presence.ts'
import { Turns } from './turns.ts'

export interface UserPresenceParts {
  readonly switchboard: Pick<Switchboard, 'send' | 'onPresence' | 'onMessage'>
  readonly records: Pick<Records, 'subscription' | 'setSubscription' | 'subscribers' | 'recipients'>
  /** For whom files are kept: the presence of others is nothing to us. */
  readonly mayReceive: Admission
  readonly clock: Clock
  readonly events: {
    /** Somebody for whom files are kept has come online. */
    arrived(): void
    /** A user was asked to let us see his presence. */
    subscriptionAsked(): void
    presenceFailed(error: unknown): void
  }
}

export interface UserPresenceOptions {
  readonly componentDomain: string
  readonly presencePerSecond: number
}

const forgetEveryMs = 60_000

const question = 'Files wait for you here. If I may see when you are online, they are offered to your client.'

/**
 * Knows who is there: from those who let us see their presence, from servers that show us that of all their users
 * (XEP-0356), and from whoever sends his own to an address of ours. Presence is personal: what nobody waits for is
 * forgotten after a while, but for that of a server's users, which could not be asked for again.
 *
 * Only a subscription is an agreement to be offered files. A user is asked for one when something waits for him, once;
 * a refusal stands until he subscribes to us himself. `stop()` ends it.
 */
export class UserPresence implements Presence {
  readonly #parts: UserPresenceParts
  readonly #componentDomain: string
  readonly #online = new Online()
  readonly #listeners = new Set<(user: string) => void>()
  readonly #probes: Paced
  readonly #turns = new Turns()
  /** Domains whose server shows us the presence of its users. */
  readonly #privileged = new Set<string>()
  /** For whom something was said to wait since it was last looked who may be forgotten. */
  readonly #awaited = new Set<string>()
  readonly #stopListening: readonly (() => void)[]
  #cancelForgetting = () => {}

  constructor(parts: UserPresenceParts, { componentDomain, presencePerSecond }: UserPresenceOptions) {
    this.#parts = parts
    this.#componentDomain = componentDomain
    this.#probes = new Paced(parts, { perSecond: presencePerSecond })
    this.#stopListening = [
      parts.switchboard.onPresence((presence) => this.#take(presence)),
      parts.switchboard.onMessage((message) => this.#notePrivilege(message)),
    ]
    this.#forgetLater()
  }

  resources(user: string): readonly OnlineResource[] {
    return this.#online.resources(user)
  }

  async agreed(user: string): Promise<boolean> {
    return (await this.#parts.records.subscription(user)).sees
  }

  async await(user: string): Promise<void> {
    this.#awaited.add(user)
    await this.#turns.run(user, async () => {
      const { sees, asked, refused } = await this.#parts.records.subscription(user)
      if (sees) this.#probe(user)
      else if (!asked && !refused) await this.#ask(user)
    })
  }

  onArrival(listener: (user: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The component is connected: asks after everybody for whom something waits, since what happened meanwhile is never told. */
  connected(): void {
    void this.#guarded(async () => {
      const { records } = this.#parts
      const [recipients, subscribers] = await Promise.all([records.recipients(), records.subscribers()])
      const visible = new Set(subscribers)
      for (const user of recipients) if (visible.has(user)) this.#probe(user)
    })
  }

  /** What was known is known no more. */
  disconnected(): void {
    this.#probes.clear()
    this.#online.clear()
    this.#privileged.clear()
  }

  stop(): void {
    for (const stop of this.#stopListening) stop()
    this.#cancelForgetting()
    this.disconnected()
  }

  #take(presence: Element): void {
    const from = parseJid(attribute(presence, 'from') ?? '')
    const to = parseJid(attribute(presence, 'to') ?? '')
    if (from.local === '' || !this.#parts.mayReceive(from)) return
    const type = attribute(presence, 'type')
    if (type === undefined) this.#come(from, presence)
    else if (type === 'unavailable' || type === 'error') this.#online.remove(from)
    else if (to.local === '') this.#takeSubscription(type, formatBareJid(from))
  }

  #come(from: Jid, presence: Element): void {
    if (from.resource === '' || !this.#online.add(from, priorityOf(presence))) return
    this.#parts.events.arrived()
    for (const listener of [...this.#listeners]) listener(formatBareJid(from))
  }

  #takeSubscription(type: string, user: string): void {
    const { records } = this.#parts
    const answers: Readonly<Record<string, () => Promise<void>>> = {
      subscribed: () => records.setSubscription(user, { sees: true, asked: false, refused: false }),
      unsubscribed: () => records.setSubscription(user, { sees: false, asked: false, refused: true }),
      // Who wants to see us has changed his mind, if he ever refused.
      subscribe: async () => {
        const { sees, asked } = await records.subscription(user)
        if (!sees && !asked) await this.#ask(user)
      },
    }
    const answer = answers[type]
    // Who is there follows on the heels of `subscribed`, and is complete: unlike what we knew by other ways.
    if (type === 'subscribed' || type === 'unsubscribed') this.#online.forget(user)
    if (answer) void this.#guarded(() => this.#turns.run(user, answer))
  }

  async #ask(user: string): Promise<void> {
    const { switchboard, records, events } = this.#parts
    const attributes = { type: 'subscribe', from: this.#componentDomain, to: user }
    await switchboard.send(xml('presence', attributes, xml('status', {}, question)))
    events.subscriptionAsked()
    await records.setSubscription(user, { asked: true, refused: false })
  }

  #probe(user: string): void {
    const attributes = { type: 'probe', from: this.#componentDomain, to: user }
    this.#probes.add(user, () => this.#guarded(() => this.#parts.switchboard.send(xml('presence', attributes))))
  }

  /** A server says which of its users' affairs it shows us (XEP-0356 §4.2); it can only speak for its own domain. */
  #notePrivilege(message: Element): void {
    const granted = ns.privileges.map((namespace) => message.getChild('privilege', namespace)).find(Boolean)
    const from = parseJid(attribute(message, 'from') ?? '')
    if (!granted || from.local !== '' || from.resource !== '' || !this.#parts.mayReceive(from)) return
    const presence = granted.getChildren('perm').find((perm) => attribute(perm, 'access') === 'presence')
    const type = presence && attribute(presence, 'type')
    if (type === 'managed_entity' || type === 'roster') this.#privileged.add(from.domain)
    else this.#privileged.delete(from.domain)
  }

  #forgetLater(): void {
    this.#cancelForgetting = this.#parts.clock.after(forgetEveryMs, () => {
      void this.#guarded(() => this.#forget())
      this.#forgetLater()
    })
  }

  async #forget(): Promise<void> {
    const awaited = new Set(this.#awaited)
    this.#awaited.clear()
    const waiting = new Set(await this.#parts.records.recipients())
    for (const user of [...this.#online.users]) {
      const isWanted = waiting.has(user) || awaited.has(user) || this.#awaited.has(user)
      if (!isWanted && !this.#privileged.has(parseJid(user).domain)) this.#online.forget(user)
    }
  }

  async #guarded(attempt: () => Promise<void>): Promise<void> {
    try {
      await attempt()
    } catch (error) {
      this.#parts.events.presenceFailed(error)
    }
  }
}

/** RFC 6121 §4.7.2.3: a whole number from -128 to 127; what is none counts as 0. */
function priorityOf(presence: Element): number {
  const priority = Number(presence.getChildText('priority') ?? '0')
  return Number.isInteger(priority) && priority >= -128 && priority <= 127 ? priority : 0
}
