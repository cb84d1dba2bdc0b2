import { formatJid } from '../../shared/bytestream/jid.ts'
import { formatBytes } from '../../shared/runtime/format-bytes.ts'
import { safeFileName } from '../../shared/transfer/file-name.ts'
import { formatParcelNotice } from '../../shared/transfer/parcel-notice.ts'
import { type Element, ns, xml } from '../../shared/xmpp/xml.ts'
import { addressOf } from '../addresses/address.ts'
import type { NoticeKind, Parcel } from '../parcels/parcel.ts'
import type { Notice } from '../records/records.ts'

/**
 * The message that tells a sender what became of his file: from the address of its recipient, so that it stands in that
 * conversation, to his bare JID. Its id is that of the notice, so that a repeat can be told.
 */
export function noticeMessage({ id, kind, to, parcel }: Notice, componentDomain: string): Element {
  const { recipient, name, size, sid, sha256, expiresAt, receipt } = parcel
  const confirms = kind === 'delivered' && receipt && sid !== undefined
  return xml(
    'message',
    { type: 'chat', id, from: recipient ? formatJid(addressOf(recipient, componentDomain)) : componentDomain, to },
    xml('body', {}, sentences[kind](wordsOf(parcel))),
    formatParcelNotice({
      id: parcel.id,
      state: kind,
      name,
      size,
      expires: expiresAt.toISOString(),
      ...(sid !== undefined && { sid }),
      ...(sha256 !== undefined && { sha256 }),
    }),
    xml('store', { xmlns: ns.hints }),
    confirms ? xml('received', { xmlns: ns.receipts, id: sid }) : undefined,
  )
}

/** What the sentences are made of. */
interface Words {
  /** Name and size. */
  readonly file: string
  readonly recipient: string
  readonly until: string
}

const sentences: Readonly<Record<NoticeKind, (words: Words) => string>> = {
  stored: ({ file, recipient, until }) =>
    `${file} is stored for ${recipient}. It is handed over when ${recipient} comes, until ${until} at the latest.`,
  delivered: ({ file, recipient }) => `${file} was delivered to ${recipient}.`,
  declined: ({ file, recipient, until }) => `${recipient} declined ${file}. It can still be fetched until ${until}.`,
  expired: ({ file, recipient, until }) =>
    `${file} was deleted: ${recipient} did not come for it until ${until}. You may send it again.`,
  deleted: ({ file, recipient }) => `${file} for ${recipient} was deleted, as somebody who may do so wished.`,
  refused: ({ file, recipient }) =>
    `${file} is not handed over to ${recipient}: it was taken for malware and has been deleted.`,
  damaged: ({ file, recipient }) =>
    `${file} for ${recipient} was damaged where it was kept and cannot be handed over. Please send it again.`,
}

function wordsOf({ name, size, recipient = 'its recipient', expiresAt }: Parcel): Words {
  const until = `${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return { file: `“${safeFileName(name)}” (${formatBytes(size)})`, recipient, until }
}
