import { StanzaError } from '../../shared/xmpp/stanza-error.ts'
import { attribute, type Element } from '../../shared/xmpp/xml.ts'

/** The namespace of what an upload is for (XEP-0363 §4). */
const namespace = 'urn:xmpp:http:upload:purpose:0'
const purposes = ['message', 'profile', 'ephemeral', 'permanent'] as const

/**
 * What discovery says of purposes. Every upload is kept as long as the deployment keeps files, and an ephemeral one no
 * longer than its sender wishes: that keeps what XEP-0363 demands of each purpose.
 */
export const purposeFeatures: readonly string[] = purposes.map((purpose) => `${namespace}#${purpose}`)

/**
 * Until when an upload may be kept by its purpose; undefined when that is the deployment's to say. Throws a `StanzaError`
 * for several purposes, and for an ephemeral upload without a time to come.
 */
export function expiryOfPurpose(request: Element, now: Date): Date | undefined {
  const [purpose, ...more] = request.getChildElements().filter((child) => child.getNS() === namespace)
  if (more.length > 0) throw refusal('An upload has one purpose')
  if (purpose?.getName() !== 'ephemeral') return undefined
  const text = attribute(purpose, 'expire-before') ?? ''
  const expiry = isDateTime(text) ? new Date(text) : undefined
  if (!expiry || Number.isNaN(expiry.getTime())) throw refusal('An ephemeral upload says expire-before, a DateTime')
  if (expiry <= now) throw refusal('expire-before is over already')
  return expiry
}

/** XEP-0082 §3.2. */
function isDateTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text)
}

function refusal(text: string): StanzaError {
  return new StanzaError({ condition: 'bad-request', text })
}
