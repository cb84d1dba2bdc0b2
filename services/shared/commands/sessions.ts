import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { badRequest, sessionExpired } from './refusals.ts'

/** Whose session it is: the full JID as the server stamped it, and the command. */
export interface SessionOwner {
  readonly from: string
  readonly node: string
}

export interface SessionOptions {
  /** All replicas have it. Asked for anew with every session: with another one, those that had begun are over. */
  readonly componentSecret: string
}

const lifeMs = 10 * 60_000

/**
 * Sessions that nobody keeps: the id says when it began, sealed with a secret that all replicas share, so that whichever of
 * them gets the form can go on. What was chosen is in the form itself. Such a session cannot be closed, only expire.
 */
export class CommandSessions {
  readonly #options: SessionOptions
  readonly #now: () => number

  /** `now` gives milliseconds since 1970, about the same on all replicas. */
  constructor({ now = Date.now }: { readonly now?: () => number }, options: SessionOptions) {
    this.#options = options
    this.#now = now
  }

  /** A new session's id. */
  begin(owner: SessionOwner): string {
    const began = [this.#now().toString(36), randomBytes(6).toString('hex')].join('-')
    return `${began}.${this.#seal(began, owner).toString('base64url')}`
  }

  /** Throws a `StanzaError` when the id is no session of this owner's, or one that is too old. */
  check(sessionId: string, owner: SessionOwner): void {
    const [began = '', seal = ''] = sessionId.split('.')
    const given = Buffer.from(seal, 'base64url')
    const right = this.#seal(began, owner)
    if (given.length !== right.length || !timingSafeEqual(given, right)) {
      throw badRequest('bad-sessionid', 'That is no session of yours with this command')
    }
    const beganMs = Number.parseInt(began, 36)
    if (this.#now() - beganMs > lifeMs) throw sessionExpired()
  }

  #seal(began: string, { from, node }: SessionOwner): Buffer {
    const sealed = JSON.stringify(['command session', from, node, began])
    return createHmac('sha256', this.#options.componentSecret).update(sealed).digest()
  }
}
