import type { Clock } from '../../shared/runtime/clock.ts'
import type { Switchboard } from '../addresses/switchboard.ts'
import type { ParcelEvents } from '../parcels/events.ts'
import type { Reception } from '../parcels/reception.ts'
import type { Presence } from '../presence/presence.ts'
import type { Records } from '../records/records.ts'
import type { BlobStore } from '../store/blobs.ts'
import { openVerifiedBlob } from '../store/verified-blob.ts'
import { Delivery, type DeliveryOptions } from './delivery.ts'
import type { DeliveryEvents } from './delivery-events.ts'
import { Notifier, type NotifierOptions } from './notifier.ts'
import { hearReplies } from './replies.ts'
import { Round, type RoundOptions } from './round.ts'
import type { ReadParcel } from './source-parcel.ts'

export interface DispatchParts {
  readonly records: Records
  readonly presence: Presence
  readonly reception: Pick<Reception, 'onStored'>
  readonly switchboard: Pick<Switchboard, 'session' | 'onMessage' | 'send' | 'settled'>
  readonly blobs: Pick<BlobStore, 'size' | 'read' | 'quarantine'>
  readonly events: DeliveryEvents & Pick<ParcelEvents, 'blobDamaged'>
  readonly clock: Clock
  readonly random: () => number
}

export interface DispatchOptions extends DeliveryOptions, NotifierOptions, RoundOptions {}

/** All that leaves the courier by XMPP: files, links, and what senders are told. */
export interface Dispatch {
  connected(): void
  disconnected(cause: unknown): void
  /** Breaks off what is on its way; resolves when nothing is. */
  stop(): Promise<void>
}

/** Starts it; nothing leaves before the component is connected. Whoever starts it stops it. */
export function startDispatch(parts: DispatchParts, options: DispatchOptions): Dispatch {
  const { records, presence, reception, switchboard, blobs, events, clock, random } = parts
  const read: ReadParcel = async function* (parcel, range) {
    const blob = await openVerifiedBlob({ records, blobs, events }, parcel)
    yield* blob.read(range)
  }
  const notifier = new Notifier({ records, switchboard, events, clock }, options)
  const delivery = new Delivery(
    {
      records,
      presence,
      reception,
      // What a round does is often something to tell.
      round: (recipient, signal) =>
        new Round({ ...parts, read }, options, recipient).run(signal).finally(() => notifier.wake()),
      events,
      clock,
      random,
    },
    options,
  )
  const stopTelling = reception.onStored(() => notifier.wake())
  const stopHearing = hearReplies({
    switchboard,
    records,
    onReturned: (recipient) => delivery.returned(recipient),
    events,
  })
  events.watchDelivery(delivery)
  return {
    connected() {
      notifier.connected()
      delivery.connected()
    },
    disconnected(cause) {
      notifier.disconnected()
      delivery.disconnected(cause)
    },
    async stop() {
      stopTelling()
      stopHearing()
      await Promise.all([notifier.stop(), delivery.stop()])
    },
  }
}
