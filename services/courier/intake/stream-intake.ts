import type { Clock } from '../../shared/runtime/clock.ts'
import type { Switchboard } from '../addresses/switchboard.ts'
import type { Admissions } from '../admissions.ts'
import type { Reception } from '../parcels/reception.ts'
import { Intake, type IntakeOptions } from './intake.ts'
import { createOfferIntake } from './offers.ts'
import { OwnProxies } from './own-proxies.ts'
import type { StreamIntakeEvents } from './stream-intake-events.ts'

export interface StreamIntakeParts {
  readonly switchboard: Pick<Switchboard, 'session' | 'enable'>
  readonly reception: Reception
  readonly admits: Admissions
  readonly clock: Clock
  readonly events: StreamIntakeEvents
}

export interface StreamIntakeOptions extends IntakeOptions {
  readonly proxies: readonly string[]
}

/**
 * Lets files be offered to the addresses of users, from now on. The answer stops it: what is under way breaks off and can
 * be resumed; it resolves when that is done.
 */
export function startStreamIntake(
  { switchboard, reception, admits, clock, events }: StreamIntakeParts,
  options: StreamIntakeOptions,
): () => Promise<void> {
  const intake = new Intake({ reception, admits, events }, options)
  const { choose } = new OwnProxies({ session: switchboard.session({ local: '' }), clock, events }, options)
  const offers = createOfferIntake({ intake, choose, events }, options)
  switchboard.enable('user', offers.ability)
  return offers.stop
}
