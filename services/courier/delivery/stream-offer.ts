import { Failure } from '../../shared/bytestream/failure.ts'
import { formatBareJid, parseJid } from '../../shared/bytestream/jid.ts'
import type { OnTransferEvent } from '../../shared/transfer/events.ts'
import type { SourceFile } from '../../shared/transfer/source-file.ts'
import type { Session } from '../../shared/xmpp/session.ts'
import { StanzaError } from '../../shared/xmpp/stanza-error.ts'
import type { Presence } from '../presence/presence.ts'
import type { Way } from './carrier.ts'

/**
 * What became of an offer. `delivered`: confirmed, as far as the protocol can. `declined`: by its user. `unsupported`: the
 * client takes nothing in this way. `unanswered`: nobody decided in time. `broken`: it was taken, but did not get through.
 */
export const offerOutcomes = ['delivered', 'declined', 'unsupported', 'unanswered', 'broken'] as const
export type OfferOutcome = (typeof offerOutcomes)[number]

export interface OfferResult {
  readonly outcome: OfferOutcome
  /** Bytes that travelled, where it was delivered. */
  readonly bytes: number
  /** Why it was not delivered. */
  readonly error?: unknown
}

export interface StreamOfferParts {
  /** Of the address that the recipient knows the sender by. */
  readonly session: Session
  readonly file: SourceFile
  readonly presence: Pick<Presence, 'resources' | 'onArrival'>
}

export interface StreamOfferOptions {
  /** Full JID. */
  readonly to: string
  readonly way: Way
  readonly description?: string
  /** The same in every offer of this file. */
  readonly sidPrefix: string
  /** JIDs of the proxies through which the bytes may go. */
  readonly proxies: readonly string[]
  /** How long the recipient may think about it. */
  readonly offerTimeoutMs: number
  readonly signal: AbortSignal
}

/** Offers a file to one resource and streams it. Throws when the signal aborts, and only then. */
export async function offerStream(
  { session, file, presence }: StreamOfferParts,
  { to, way, description, sidPrefix, proxies, offerTimeoutMs, signal }: StreamOfferOptions,
): Promise<OfferResult> {
  const left = new AbortController()
  const stopWatching = presence.onArrival((user) => {
    const isThere = presence.resources(user).some(({ jid }) => jid === to)
    if (user === formatBareJid(parseJid(to)) && !isThere) left.abort(new Failure('unavailable', `${to} has left`))
  })
  let accepted = false
  const tell: OnTransferEvent = ({ event }) => {
    if (event === 'offered') accepted = false
    if (event === 'accepted') accepted = true
  }
  try {
    const { transferredBytes } = await way.carrier.send(
      { session, file, tell },
      {
        to,
        proxies,
        direct: false,
        sidPrefix,
        answerTimeoutMs: offerTimeoutMs,
        signal: AbortSignal.any([signal, left.signal]),
        ...(description !== undefined && { description }),
      },
      way.methods,
    )
    return { outcome: 'delivered', bytes: transferredBytes }
  } catch (error) {
    signal.throwIfAborted()
    return { outcome: left.signal.aborted ? 'broken' : outcomeOf(error, accepted), bytes: 0, error }
  } finally {
    stopWatching()
  }
}

function outcomeOf(error: unknown, accepted: boolean): OfferOutcome {
  if (accepted) return 'broken'
  if (!(error instanceof StanzaError)) return 'unanswered'
  switch (error.condition) {
    // XEP-0096 says forbidden; several clients say not-acceptable.
    case 'forbidden':
    case 'not-acceptable':
      return 'declined'
    case 'recipient-unavailable':
    case 'remote-server-timeout':
    case 'resource-constraint':
      return 'broken'
    default:
      return 'unsupported'
  }
}
