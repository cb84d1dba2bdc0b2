import type { Session } from '../xmpp/session.ts'
import type { OnTransferEvent } from './events.ts'
import type { ReceivedFile } from './incoming.ts'
import { createOfferReceiver, identityOf, type OfferReceiverOptions, receiverFeaturesOf } from './offer-receiver.ts'
import { openPartialFile } from './partial-file.ts'

/** The features to advertise for a session that receives files. */
export const receiverFeatures: readonly string[] = receiverFeaturesOf(['s5b', 'ibb'])

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

export interface ReceiverOptions extends OfferReceiverOptions {
  /** The folder files go to. */
  readonly into: string
}

/**
 * Receives into a folder the files that are offered to a session. The answer stops it: nothing more is accepted, what is
 * under way is aborted and kept for a later resumption; it resolves when all that is done.
 */
export function startReceiver(
  { session, decide, onTransfer, watch }: ReceiverParts,
  { into, ...options }: ReceiverOptions,
): () => Promise<void> {
  const receiver = createOfferReceiver(
    {
      decide: ({ peer, file }) => decide(peer, file),
      open: ({ peer, file }, { resume }) => openPartialFile(into, identityOf(peer, file), { resume }),
      watch,
      onTransfer,
    },
    options,
  )
  const leave = receiver.attend(session)
  return () => {
    leave()
    return receiver.stop()
  }
}
