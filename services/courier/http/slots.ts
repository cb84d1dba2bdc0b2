import { randomBytes } from 'node:crypto'
import { Failure } from '../../shared/bytestream/failure.ts'
import { formatBareJid, type Jid, parseJid } from '../../shared/bytestream/jid.ts'
import type { Admission } from '../../shared/component/admission.ts'
import { dataForm } from '../../shared/xmpp/data-form.ts'
import { StanzaError, type StanzaErrorCondition } from '../../shared/xmpp/stanza-error.ts'
import { attribute, type Element, wholeNumber, xml } from '../../shared/xmpp/xml.ts'
import type { Ability } from '../addresses/ability.ts'
import type { Reception } from '../parcels/reception.ts'
import { QuotaExceeded } from '../records/quota-exceeded.ts'
import { linkOf } from './link.ts'
import { anyBytes, essenceOf } from './media-type.ts'
import { expiryOfPurpose, purposeFeatures } from './purpose.ts'
import { type SlotSecret, signSlot } from './slot-token.ts'

const namespace = 'urn:xmpp:http:upload:0'

/** Longer names are none that a file system has, and would be put into every answer. */
const mostNameBytes = 1_024

/** Beyond the time in which an upload must begin: for the one that began in its last moment. */
const graceMs = 60_000

export interface SlotParts {
  readonly reception: Reception
  /** Who may send. */
  readonly admits: Admission
  readonly events: { slotAnswered(outcome: 'offered' | StanzaErrorCondition): void }
  /** Milliseconds since 1970, about the same on all replicas. */
  readonly now?: () => number
}

export interface SlotOptions extends SlotSecret {
  readonly publicUrl: string
  readonly maxFileBytes: number
  readonly slotMs: number
}

/** Who asks for what (XEP-0363 §5). */
interface SlotRequest {
  readonly sender: Jid
  readonly name: string
  readonly size: number
  /** Absent when it was not declared. */
  readonly mediaType?: string
  /** Earlier than the deployment would have it. */
  readonly expiresAt?: Date
}

/**
 * Upload slots (XEP-0363): the courier's own address reserves room for a file and says where to put it. The room is given
 * back when nothing comes in the time of the slot.
 */
export function slotAbility(parts: SlotParts, options: SlotOptions): Ability {
  const { admits, events, now = Date.now } = parts
  const { maxFileBytes } = options
  return {
    features: [namespace, ...purposeFeatures],
    forms: [dataForm('result', namespace, { fields: [{ name: 'max-file-size', values: [String(maxFileBytes)] }] })],
    attend(session) {
      session.onIq({ type: 'get', name: 'request', namespace }, async (request, iq) => {
        try {
          const sender = parseJid(attribute(iq, 'from') ?? '')
          if (!admits(sender)) throw new StanzaError({ condition: 'forbidden', text: 'This service is not for you' })
          const slot = await offerSlot(parts, readRequest(request, sender, { maxFileBytes, now }), options)
          events.slotAnswered('offered')
          return slot
        } catch (error) {
          const refusal = toRefusal(error)
          events.slotAnswered(refusal.condition)
          throw refusal
        }
      })
    },
  }
}

function readRequest(
  request: Element,
  sender: Jid,
  { maxFileBytes, now }: { readonly maxFileBytes: number; readonly now: () => number },
): SlotRequest {
  const name = attribute(request, 'filename')?.trim() ?? ''
  if (name === '') throw badRequest('A request for a slot says filename')
  if (/\p{Cc}/u.test(name)) throw badRequest('filename has control characters')
  if (Buffer.byteLength(name) > mostNameBytes) throw badRequest(`filename has more than ${mostNameBytes} bytes`)
  const size = wholeNumber(attribute(request, 'size'))
  if (!size) throw badRequest('A request for a slot says size, a number of bytes that is more than 0')
  if (size > maxFileBytes) throw tooLarge(maxFileBytes)
  const declared = attribute(request, 'content-type')
  const mediaType = declared === undefined ? undefined : essenceOf(declared)
  if (declared && mediaType === undefined) throw badRequest('content-type is no media type')
  const expiresAt = expiryOfPurpose(request, new Date(now()))
  return { sender, name, size, ...(mediaType && { mediaType }), ...(expiresAt && { expiresAt }) }
}

async function offerSlot(
  { reception, now = Date.now }: SlotParts,
  { sender, mediaType, ...asked }: SlotRequest,
  options: SlotOptions,
): Promise<Element> {
  const slot = randomBytes(16).toString('base64url')
  const incoming = await reception.accept({
    ...asked,
    sender: formatBareJid(sender),
    mediaType: mediaType ?? anyBytes,
    identity: slot,
    abandonAfterMs: options.slotMs + graceMs,
  })
  // The bytes come by another way, whenever they come.
  await incoming.keep()
  const { linkKey } = incoming.parcel
  const grant = {
    slot,
    linkKey,
    size: asked.size,
    expiresAtMs: now() + options.slotMs,
    ...(mediaType && { mediaType }),
  }
  const url = linkOf(incoming.parcel, options.publicUrl)
  return xml(
    'slot',
    { xmlns: namespace },
    xml('put', { url }, xml('header', { name: 'Authorization' }, `Bearer ${signSlot(grant, options)}`)),
    xml('get', { url }),
  )
}

/** What is said of a failure; anything else is passed on, to be told where faults are. */
function toRefusal(error: unknown): StanzaError {
  if (error instanceof StanzaError) return error
  if (error instanceof QuotaExceeded) {
    const stamp = error.retryAt?.toISOString()
    return new StanzaError({
      condition: 'resource-constraint',
      type: 'wait',
      text: error.message,
      ...(stamp && { app: xml('retry', { xmlns: namespace, stamp }) }),
    })
  }
  if (error instanceof Failure && error.code === 'over-limit') {
    return new StanzaError({ condition: 'resource-constraint', type: 'wait', text: 'There is no room now' })
  }
  if (error instanceof Failure && error.code === 'unavailable') {
    return new StanzaError({ condition: 'internal-server-error', type: 'wait', text: 'Nothing can be kept now' })
  }
  throw error
}

function tooLarge(maxFileBytes: number): StanzaError {
  return new StanzaError({
    condition: 'not-acceptable',
    text: `File too large. The maximum file size is ${maxFileBytes} bytes`,
    app: xml('file-too-large', { xmlns: namespace }, xml('max-file-size', {}, String(maxFileBytes))),
  })
}

function badRequest(text: string): StanzaError {
  return new StanzaError({ condition: 'bad-request', text })
}
