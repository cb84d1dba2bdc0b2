import { Counter } from 'prom-client'
import type { Logger } from '../../shared/runtime/log.ts'
import type { Metrics } from '../../shared/runtime/metrics.ts'
import type { OwnPresenceParts } from './own-presence.ts'
import type { UserPresenceParts } from './user-presence.ts'

/** What presence, ours and that of users, has to tell. */
export type PresenceEvents = OwnPresenceParts['events'] & UserPresenceParts['events']

/** Builds them. */
export function createPresenceEvents({
  log,
  metrics,
}: {
  readonly log: Logger
  readonly metrics: Metrics
}): PresenceEvents {
  const registers = [metrics]
  const arrivals = new Counter({
    name: 'splice65_courier_arrivals_total',
    help: 'Times a resource of somebody for whom files are kept has come online.',
    registers,
  })
  const asked = new Counter({
    name: 'splice65_courier_subscriptions_asked_total',
    help: 'Users who were asked to let the courier see when they are online.',
    registers,
  })
  const failures = new Counter({
    name: 'splice65_courier_presence_failures_total',
    help: 'Presence that could not be sent, and subscriptions that could not be remembered.',
    registers,
  })
  return {
    arrived: () => arrivals.inc(),
    subscriptionAsked: () => asked.inc(),
    presenceFailed(error) {
      failures.inc()
      log.warn({ err: error }, 'presence could not be sent, or a subscription not be remembered')
    },
  }
}
