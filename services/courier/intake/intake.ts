import { formatBareJid, type Jid, parseJid } from '../../shared/bytestream/jid.ts'
import { type IncomingOffer, identityOf } from '../../shared/transfer/offer-receiver.ts'
import { identityKey } from '../../shared/transfer/partial-file.ts'
import { StanzaError, type StanzaErrorCondition } from '../../shared/xmpp/stanza-error.ts'
import { userOf } from '../addresses/address.ts'
import type { Admissions } from '../admissions.ts'
import type { Parcel, ParcelDraft } from '../parcels/parcel.ts'
import type { IncomingParcel, Reception } from '../parcels/reception.ts'
import { refusalOf } from './refusal.ts'

export interface IntakeParts {
  readonly reception: Reception
  readonly admits: Admissions
  readonly events: IntakeEvents
}

/** What the intake has to tell. */
export interface IntakeEvents {
  /** An offer was taken, or refused by this condition. */
  offerAnswered(outcome: 'accepted' | StanzaErrorCondition): void
  /** So many bytes more have come and are written. */
  bytesTaken(bytes: number): void
  /** A parcel that was taken in is stored; or broke off, and can be resumed; or was dropped. */
  intakeEnded(parcel: Parcel, outcome: IntakeOutcome): void
  /** An offer could not be taken for a reason that is no refusal. */
  intakeFailed(error: unknown): void
}

export type IntakeOutcome = 'stored' | 'broken' | 'dropped'

export interface IntakeOptions {
  readonly maxFileBytes: number
  /** Files of one sender that come at once. */
  readonly transfersPerSender: number
}

const longestNameBytes = 1_024
const longestDescriptionBytes = 4_096
const longestDateBytes = 40
const mediaTypes = /^[\w!#$&^.+-]{1,63}\/[\w!#$&^.+-]{1,63}(?:;[\x20-\x7e]{1,64})?$/

/** The one way by which offered files come in, whatever carries them: says who may, and opens a parcel for the bytes. */
export class Intake {
  readonly #parts: IntakeParts
  readonly #options: IntakeOptions
  /** Transfers that are under way, by the bare JID of their sender. */
  readonly #underWay = new Map<string, number>()

  constructor(parts: IntakeParts, options: IntakeOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** Throws the `StanzaError` to answer to an offer that is not taken, as far as it can be told from the offer itself. */
  admit(offer: IncomingOffer): void {
    try {
      this.#draftOf(offer)
    } catch (error) {
      throw this.#refused(error)
    }
  }

  /**
   * Takes an offered file in. With `resume` it goes on after the bytes of an earlier, broken attempt: only where the
   * sender can start anywhere. Throws the `StanzaError` to answer when it is not taken. The caller ends the parcel by
   * `finish`, `keep` or `discard`.
   */
  async takeIn(offer: IncomingOffer, { resume }: { readonly resume: boolean }): Promise<IncomingParcel> {
    try {
      const draft = this.#draftOf(offer)
      const release = this.#occupy(draft.sender)
      try {
        const incoming = await this.#parts.reception.accept(draft, { resume })
        this.#parts.events.offerAnswered('accepted')
        return this.#watched(incoming, release)
      } catch (error) {
        release()
        throw error
      }
    } catch (error) {
      throw this.#refused(error)
    }
  }

  #draftOf({ peer, to, sid, file }: IncomingOffer): ParcelDraft {
    const { sender: maySend, recipient: mayReceive } = this.#parts.admits
    const { maxFileBytes } = this.#options
    const from = parseJid(peer)
    const recipient = recipientOf(to)
    if (!maySend(from)) throw refuse('forbidden', 'You may not send files here')
    if (!mayReceive(parseJid(recipient))) throw refuse('forbidden', `Files for ${recipient} are not kept here`)
    if (file.size > maxFileBytes) {
      throw refuse('not-acceptable', `Files of more than ${maxFileBytes} bytes are not taken`)
    }
    if (isLonger(sid, longestNameBytes)) throw refuse('not-acceptable', 'The id of the offer is too long')
    if (isLonger(file.name, longestNameBytes) || isLonger(file.description, longestDescriptionBytes)) {
      throw refuse('not-acceptable', 'The name or the description of the file is too long')
    }
    return {
      sender: formatBareJid(from),
      recipient,
      name: file.name,
      size: file.size,
      mediaType: file.mediaType && mediaTypes.test(file.mediaType) ? file.mediaType : 'application/octet-stream',
      ...(file.description !== undefined && { description: file.description }),
      ...(file.date !== undefined && !isLonger(file.date, longestDateBytes) && { fileDate: file.date }),
      sid,
      ...(file.receipt && { receipt: true }),
      // The same file for somebody else is another parcel.
      identity: `${identityKey(identityOf(peer, file))} ${recipient}`,
    }
  }

  /** Counts a transfer of this sender until the answer is called. */
  #occupy(sender: string): () => void {
    const { transfersPerSender } = this.#options
    const before = this.#underWay.get(sender) ?? 0
    if (before >= transfersPerSender) {
      throw refuse('resource-constraint', `No more than ${transfersPerSender} files of yours can come at once`)
    }
    this.#underWay.set(sender, before + 1)
    return () => {
      const left = (this.#underWay.get(sender) ?? 1) - 1
      if (left > 0) this.#underWay.set(sender, left)
      else this.#underWay.delete(sender)
    }
  }

  /** The same parcel, which tells of itself and calls `release` when it has ended. */
  #watched(incoming: IncomingParcel, release: () => void): IncomingParcel {
    const { events } = this.#parts
    const end = (outcome: IntakeOutcome) => {
      release()
      events.intakeEnded(incoming.parcel, outcome)
    }
    return {
      get parcel() {
        return incoming.parcel
      },
      get offset() {
        return incoming.offset
      },
      get bytes() {
        return incoming.bytes
      },
      async write(chunk) {
        await incoming.write(chunk)
        events.bytesTaken(chunk.length)
      },
      async finish(sha256) {
        // One that fails to finish is still to be kept or discarded.
        const parcel = await incoming.finish(sha256)
        end('stored')
        return parcel
      },
      keep: () => incoming.keep().finally(() => end('broken')),
      discard: () => incoming.discard().finally(() => end('dropped')),
    }
  }

  #refused(error: unknown): StanzaError {
    const { events } = this.#parts
    const refusal = refusalOf(error)
    events.offerAnswered(refusal.condition)
    if (refusal.condition === 'internal-server-error') events.intakeFailed(error)
    return refusal
  }
}

function recipientOf(to: Jid): string {
  const recipient = userOf(to)
  if (recipient === undefined) throw refuse('item-not-found', 'Nobody has this address')
  return recipient
}

/** XEP-0095 §4.1 answers who may not with the type cancel. */
function refuse(condition: StanzaErrorCondition, text: string): StanzaError {
  return new StanzaError({ condition, ...(condition === 'forbidden' && { type: 'cancel' }), text })
}

function isLonger(text: string | undefined, bytes: number): boolean {
  return text !== undefined && Buffer.byteLength(text) > bytes
}
