import { formatBareJid, parseJid } from '../../shared/bytestream/jid.ts'
import { readStanzaError } from '../../shared/xmpp/stanza-error.ts'
import { attribute, type Element, ns } from '../../shared/xmpp/xml.ts'
import type { Switchboard } from '../addresses/switchboard.ts'
import type { Parcel } from '../parcels/parcel.ts'
import type { Records } from '../records/records.ts'
import type { DeliveryEvents } from './delivery-events.ts'
import { parcelOfLinkMessage } from './link-message.ts'

export interface RepliesParts {
  readonly switchboard: Pick<Switchboard, 'onMessage'>
  readonly records: Pick<Records, 'find' | 'noteUnlinked'>
  /** Its link came back: tries again, later each time. */
  readonly onReturned: (recipient: string) => void
  readonly events: Pick<DeliveryEvents, 'linkReturned' | 'linkReceived' | 'noticeReturned' | 'lookFailed'>
}

/**
 * Hears what comes back for our messages: errors (RFC 6121 §5.2.2) and receipts (XEP-0184). A link that came back counts as
 * not sent. The answer ends it.
 */
export function hearReplies({ switchboard, records, onReturned, events }: RepliesParts): () => void {
  return switchboard.onMessage((message) => {
    hear(message).catch((error: unknown) => events.lookFailed(error))
  })

  async function hear(message: Element): Promise<void> {
    if (attribute(message, 'type') === 'error') return hearError(message)
    const receipt = message.getChild('received', ns.receipts)
    const parcel = receipt && (await linkedTo(message, attribute(receipt, 'id')))
    if (parcel) events.linkReceived(parcel)
  }

  async function hearError(message: Element): Promise<void> {
    const error = readStanzaError(message)
    const parcel = await linkedTo(message, attribute(message, 'id'))
    if (!parcel) {
      events.noticeReturned(error)
      return
    }
    events.linkReturned(parcel, error)
    if ((await records.noteUnlinked(parcel.id)) && parcel.recipient !== undefined) onReturned(parcel.recipient)
  }

  /** The parcel whose link the message with this id gave; only its recipient and his server know the id, and may say. */
  async function linkedTo(reply: Element, id: string | undefined): Promise<Parcel | undefined> {
    const parcelId = id === undefined ? undefined : parcelOfLinkMessage(id)
    const parcel = parcelId === undefined ? undefined : await records.find(parcelId)
    return parcel?.recipient === senderOf(reply) ? parcel : undefined
  }
}

function senderOf(message: Element): string | undefined {
  try {
    return formatBareJid(parseJid(attribute(message, 'from') ?? ''))
  } catch {
    return undefined
  }
}
