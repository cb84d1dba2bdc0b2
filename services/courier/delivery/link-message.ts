import { formatJid } from '../../shared/bytestream/jid.ts'
import { safeFileName } from '../../shared/transfer/file-name.ts'
import { type Element, ns, xml } from '../../shared/xmpp/xml.ts'
import { addressOf } from '../addresses/address.ts'
import { linkOf } from '../http/link.ts'
import type { Parcel } from '../parcels/parcel.ts'

export interface LinkMessageOptions {
  readonly componentDomain: string
  readonly publicUrl: string
}

const idPrefix = 'link-'

/**
 * The message that gives a stored parcel's recipient its link: to his bare JID, so that his server keeps it for him. Old
 * clients show the body, common ones jabber:x:oob, new ones the file of XEP-0447 with its size and hash. It asks for a
 * receipt. Its id is always the same for one parcel, so that a repeat can be told.
 */
export function linkMessage(parcel: Parcel, { componentDomain, publicUrl }: LinkMessageOptions): Element {
  const url = linkOf(parcel, publicUrl)
  return xml(
    'message',
    {
      type: 'chat',
      id: `${idPrefix}${parcel.id}`,
      from: formatJid(addressOf(parcel.sender, componentDomain)),
      to: parcel.recipient,
    },
    // Clients show a picture in place of a body that is the URL and nothing else.
    xml('body', {}, url),
    xml('x', { xmlns: ns.oobMessage }, xml('url', {}, url)),
    fileSharing(parcel, url),
    xml('fallback', { xmlns: ns.fallback, for: ns.fileSharing }, xml('body')),
    // XEP-0203 §5: from the courier, because servers drop a delay that claims to be their own.
    xml('delay', { xmlns: ns.delay, from: componentDomain, stamp: parcel.offeredAt.toISOString() }),
    xml('addresses', { xmlns: ns.addresses }, xml('address', { type: 'ofrom', jid: parcel.sender })),
    xml('store', { xmlns: ns.hints }),
    xml('request', { xmlns: ns.receipts }),
  )
}

/** The parcel whose link a message with this id gave; undefined for other ids. */
export function parcelOfLinkMessage(messageId: string): string | undefined {
  return messageId.startsWith(idPrefix) ? messageId.slice(idPrefix.length) : undefined
}

/** XEP-0447 §3, with the metadata of XEP-0446. */
function fileSharing({ name, size, mediaType, sha256, description, fileDate }: Parcel, url: string): Element {
  // What is not seen or heard should not be fetched before a person says so.
  const disposition = /^(?:image|audio|video)\//.test(mediaType) ? 'inline' : 'attachment'
  return xml(
    'file-sharing',
    { xmlns: ns.fileSharing, disposition },
    xml(
      'file',
      { xmlns: ns.fileMetadata },
      xml('media-type', {}, mediaType),
      xml('name', {}, safeFileName(name)),
      fileDate === undefined ? undefined : xml('date', {}, fileDate),
      xml('size', {}, String(size)),
      sha256 === undefined
        ? undefined
        : xml('hash', { xmlns: ns.hashes, algo: 'sha-256' }, Buffer.from(sha256, 'hex').toString('base64')),
      description === undefined ? undefined : xml('desc', {}, description),
    ),
    xml('sources', {}, xml('url-data', { xmlns: ns.urlData, target: url })),
  )
}
