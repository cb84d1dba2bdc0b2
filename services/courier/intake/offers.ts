import { createClaims } from '../../shared/transfer/claims.ts'
import type { Method } from '../../shared/transfer/events.ts'
import { createJingleReceiver, jingleFeaturesOf } from '../../shared/transfer/jingle/receiver.ts'
import {
  createOfferReceiver,
  type OfferReceiverParts,
  receiverFeaturesOf,
} from '../../shared/transfer/offer-receiver.ts'
import type { ChooseStreamhosts } from '../../shared/transfer/streamhost.ts'
import type { Ability } from '../addresses/ability.ts'
import type { Parcel } from '../parcels/parcel.ts'
import type { Intake } from './intake.ts'

export interface OfferIntakeParts {
  readonly intake: Pick<Intake, 'admit' | 'takeIn'>
  /** Which streamhosts may be dialled. */
  readonly choose: ChooseStreamhosts
  readonly events: {
    /** A file did not come, or not all of it. Its sender, by his full JID, can offer it again. */
    transferBroken(peer: string, error: unknown): void
  }
}

/** The taking in of files that are offered. */
export interface OfferIntake {
  /** For the addresses of users. */
  readonly ability: Ability
  /** Breaks off what is under way, which can be resumed; resolves when that is done. */
  stop(): Promise<void>
}

/** Lets files be offered by SI (XEP-0096) and by Jingle (XEP-0234). Whoever makes it stops it. */
export function createOfferIntake(
  { intake, choose, events }: OfferIntakeParts,
  { proxies }: { readonly proxies: readonly string[] },
): OfferIntake {
  // Without a proxy of ours there is no address that could be dialled.
  const methods: Method[] = proxies.length > 0 ? ['s5b', 'ibb'] : ['ibb']
  const parts: OfferReceiverParts<Parcel> = {
    decide(offer) {
      intake.admit(offer)
      return true
    },
    open: (offer, options) => intake.takeIn(offer, options),
    watch: () => () => {},
    onTransfer: (peer, done) => void done.catch((error: unknown) => events.transferBroken(peer, error)),
    claims: createClaims(),
  }
  const receivers = [
    createOfferReceiver(parts, { methods, choose }),
    // Of addresses it tells those of the proxies only.
    createJingleReceiver(parts, { choose, proxies, direct: false }),
  ]
  return {
    ability: {
      features: [...receiverFeaturesOf(methods), ...jingleFeaturesOf(methods)],
      attend(session) {
        for (const receiver of receivers) receiver.attend(session)
      },
    },
    async stop() {
      await Promise.all(receivers.map((receiver) => receiver.stop()))
    },
  }
}
