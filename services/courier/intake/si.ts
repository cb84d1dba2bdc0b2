import type { Method } from '../../shared/transfer/events.ts'
import { createOfferReceiver, receiverFeaturesOf } from '../../shared/transfer/offer-receiver.ts'
import type { ChooseStreamhosts } from '../../shared/transfer/streamhost.ts'
import type { Ability } from '../addresses/ability.ts'
import type { Intake } from './intake.ts'

export interface SiIntakeParts {
  readonly intake: Pick<Intake, 'admit' | 'takeIn'>
  /** Which streamhosts may be dialled. */
  readonly choose: ChooseStreamhosts
  readonly events: {
    /** A file did not come, or not all of it. Its sender, by his full JID, can offer it again. */
    transferBroken(peer: string, error: unknown): void
  }
}

/** The taking in of files that are offered by SI. */
export interface SiIntake {
  /** For the addresses of users. */
  readonly ability: Ability
  /** Breaks off what is under way, which can be resumed; resolves when that is done. */
  stop(): Promise<void>
}

/** Lets files be offered by SI (XEP-0095, XEP-0096). Whoever makes it stops it. */
export function createSiIntake(
  { intake, choose, events }: SiIntakeParts,
  { proxies }: { readonly proxies: readonly string[] },
): SiIntake {
  // Without a proxy of ours there is no address that could be dialled.
  const methods: Method[] = proxies.length > 0 ? ['s5b', 'ibb'] : ['ibb']
  const receiver = createOfferReceiver(
    {
      decide(offer) {
        intake.admit(offer)
        return true
      },
      open: (offer, options) => intake.takeIn(offer, options),
      watch: () => () => {},
      onTransfer: (peer, done) => void done.catch((error: unknown) => events.transferBroken(peer, error)),
    },
    { methods, choose },
  )
  return {
    ability: { features: receiverFeaturesOf(methods), attend: (session) => void receiver.attend(session) },
    stop: receiver.stop,
  }
}
