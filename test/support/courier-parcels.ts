import { createHash } from 'node:crypto'
import type { CourierProcess, Fleet } from '../../deploy/local/fleet.ts'
import { addressOf } from '../../services/courier/addresses/address.ts'
import { formatJid } from '../../services/shared/bytestream/jid.ts'
import type { OnTransferEvent, TransferSummary } from '../../services/shared/transfer/events.ts'
import { type ParcelNotice, parseParcelNotice } from '../../services/shared/transfer/parcel-notice.ts'
import { sendFile } from '../../services/shared/transfer/sender.ts'
import type { SourceFile } from '../../services/shared/transfer/source-file.ts'
import { xml } from '../../services/shared/xmpp/xml.ts'
import { logIn, type OnlineUser } from './online-user.ts'
import { sample } from './sample.ts'
import { until } from './until.ts'

/** The full JID at a fleet's courier to which files for a user are offered. */
export function courierAddress(fleet: Fleet, user: string): string {
  return formatJid(addressOf(`${user}@${fleet.xmpp.domain}`, fleet.courier))
}

/** A file for a user of the fleet's XMPP server. */
export interface OutgoingParcel {
  readonly to: string
  readonly name: string
  readonly content: Buffer
  /** Through the fleet's proxy or in band. Default `s5b`. */
  readonly method?: 's5b' | 'ibb'
  /** Default: Jingle. */
  readonly protocol?: 'jingle' | 'si'
  /** Hears what happens while it is sent. */
  readonly tell?: OnTransferEvent
  /** Half of it and a little more is sent; the rest waits for this. */
  readonly restAfter?: Promise<void>
  /** Gives up. */
  readonly signal?: AbortSignal
}

/** Sends bytes for a user to the courier. Resolves when the courier has stored them. */
export async function sendParcel(fleet: Fleet, sender: OnlineUser, parcel: OutgoingParcel): Promise<ParcelNotice> {
  await offerParcel(fleet, sender, parcel)
  return heardOf(sender, 'stored', parcel.name)
}

/** Offers bytes for a user to the courier and sends what it wants of them. Throws as `sendFile`. */
export function offerParcel(
  fleet: Fleet,
  { session }: OnlineUser,
  { to, name, content, method = 's5b', protocol = 'jingle', tell = () => {}, restAfter, signal }: OutgoingParcel,
): Promise<TransferSummary> {
  return sendFile(
    { session, file: memoryFile(name, content, restAfter), tell },
    {
      to: courierAddress(fleet, to),
      protocol,
      method,
      proxies: [fleet.proxy],
      direct: false,
      ...(signal && { signal }),
    },
  )
}

/** Lets a courier see a user’s presence, as his client would when he puts it on his roster; then he leaves. */
export async function agree(fleet: Fleet, courier: CourierProcess, user: string): Promise<void> {
  const arrivals = () => sample(courier, 'splice65_courier_arrivals_total')
  const before = await arrivals()
  await using known = await logIn(fleet, user, { resource: 'agreeing' })
  await known.session.send(xml('presence', { type: 'subscribe', to: fleet.courier }))
  await until(`the courier sees ${user}`, async () => (await arrivals()) > before)
}

/** What the courier tells a sender of a file of this name. */
export async function heardOf(sender: OnlineUser, state: string, name: string): Promise<ParcelNotice> {
  const told = (message: OnlineUser['messages'][number]) => {
    const notice = parseParcelNotice(message)
    return notice?.state === state && notice.name === name ? notice : undefined
  }
  const message = await sender.message(`word that ${name} is ${state}`, (each) => told(each) !== undefined)
  const notice = told(message)
  if (!notice) throw new Error('the message that was waited for has changed')
  return notice
}

function memoryFile(name: string, content: Buffer, restAfter?: Promise<void>): SourceFile {
  return {
    name,
    size: content.length,
    date: '2026-01-01T00:00:00Z',
    async *chunks(offset, chunkBytes = 65_536) {
      for (let start = offset; start < content.length; start += chunkBytes) {
        if (start > content.length / 2) await restAfter
        yield content.subarray(start, start + chunkBytes)
      }
    },
    sha256: () => createHash('sha256').update(content).digest('hex'),
    close: async () => {},
  }
}
