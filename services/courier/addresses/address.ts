import { formatJid, type Jid, parseJid } from '../../shared/bytestream/jid.ts'
import { escapeLocal, unescapeLocal } from '../../shared/bytestream/jid-escaping.ts'

/** The one resource of all our addresses: clients offer files to full JIDs only. */
export const ownResource = 'courier'

/**
 * The address at the courier that stands for a user (XEP-0106): a file for `bob@example.com` is offered to
 * `bob\40example.com@courier.example.com/courier`.
 */
export function addressOf(user: string, componentDomain: string): Jid {
  return { local: escapeLocal(user), domain: componentDomain, resource: ownResource }
}

/** The bare JID of the user that an address of ours stands for; undefined when its local part is no JID with a local part. */
export function userOf({ local }: Pick<Jid, 'local'>): string | undefined {
  try {
    const jid = parseJid(unescapeLocal(local))
    return jid.local !== '' && jid.resource === '' ? formatJid(jid) : undefined
  } catch {
    return undefined
  }
}
