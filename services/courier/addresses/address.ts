import { formatJid, type Jid, parseJid } from '../../shared/bytestream/jid.ts'

/** The one resource of all our addresses: clients offer files to full JIDs only. */
export const ownResource = 'courier'

const escapes: Readonly<Record<string, string>> = {
  ' ': '\\20',
  '"': '\\22',
  '&': '\\26',
  "'": '\\27',
  '/': '\\2f',
  ':': '\\3a',
  '<': '\\3c',
  '>': '\\3e',
  '@': '\\40',
}
const characters = Object.fromEntries(Object.entries(escapes).map(([character, escaped]) => [escaped, character]))
const anyEscape = /\\(?:20|22|26|27|2f|3a|3c|3e|40|5c)/g

/**
 * The address at the courier that stands for a user (XEP-0106): a file for `bob@example.com` is offered to
 * `bob\40example.com@courier.example.com/courier`.
 */
export function addressOf(user: string, componentDomain: string): Jid {
  const local = user
    .replace(/\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/g, '\\5c')
    .replace(/[ "&'/:<>@]/g, (character) => escapes[character] ?? character)
  return { local, domain: componentDomain, resource: ownResource }
}

/** The bare JID of the user that an address of ours stands for; undefined when its local part is no JID with a local part. */
export function userOf({ local }: Pick<Jid, 'local'>): string | undefined {
  const text = local.replace(anyEscape, (escaped) => characters[escaped] ?? '\\')
  try {
    const jid = parseJid(text)
    return jid.local !== '' && jid.resource === '' ? formatJid(jid) : undefined
  } catch {
    return undefined
  }
}
