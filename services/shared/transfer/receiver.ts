import type { Session } from '../xmpp/session.ts'
import { createClaims } from './claims.ts'
import type { OnTransferEvent } from './events.ts'
import type { ReceivedFile } from './incoming.ts'
import { createJingleReceiver, type JingleReceiverOptions, jingleFeaturesOf } from './jingle/receiver.ts'
import {
  createOfferReceiver,
  identityOf,
  type OfferReceiverOptions,
  type OfferReceiverParts,
  receiverFeaturesOf,
} from './offer-receiver.ts'
import { openPartialFile } from './partial-file.ts'

/** The features to advertise for a session that receives files. */
export const receiverFeatures: readonly string[] = [
  ...receiverFeaturesOf(['s5b', 'ibb']),
  ...jingleFeaturesOf(['s5b', 'ibb']),
]

export interface ReceiverParts {
  readonly session: Session
  /** Whether to take a file; `peer` is the sender's full JID as its server stamped it. A string says why not. */
  readonly decide: (peer: string, file: ProposedFile) => true | string | Promise<true | string>
  /** Called for every offer that is to be taken; what it returns hears what happens to that one. */
  readonly watch: () => OnTransferEvent
  /** Called for every accepted offer, before its bytes come. `done` resolves when the file is whole and named. */
  readonly onTransfer: (peer: string, done: Promise<ReceivedFile>) => void
}

export interface ProposedFile {
  /** As the sender wrote it. */
  readonly name: string
  /** In bytes; absent when the sender does not say. */
  readonly size?: number
}

/** `proxies` and `direct` are what is offered in return to an offer by Jingle. */
export interface ReceiverOptions extends OfferReceiverOptions, Pick<JingleReceiverOptions, 'proxies' | 'direct'> {
  /** The folder files go to. */
  readonly into: string
}

/**
 * Receives into a folder the files that are offered to a session by SI and by Jingle. The answer stops it: nothing more is
 * accepted, what is under way is aborted and kept for a later resumption; it resolves when all that is done.
 */
export function startReceiver(
  { session, decide, onTransfer, watch }: ReceiverParts,
  { into, ...options }: ReceiverOptions,
): () => Promise<void> {
  const parts: OfferReceiverParts<{ readonly path: string; readonly sha256: string }> = {
    decide: ({ peer, file }) => decide(peer, file),
    open: ({ peer, file }, { resume }) => openPartialFile(into, identityOf(peer, file), { resume }),
    watch,
    onTransfer,
    claims: createClaims(),
  }
  const receivers = [createOfferReceiver(parts, options), createJingleReceiver(parts, options)]
  const leave = receivers.map((receiver) => receiver.attend(session))
  return async () => {
    for (const each of leave) each()
    await Promise.all(receivers.map((receiver) => receiver.stop()))
  }
}
