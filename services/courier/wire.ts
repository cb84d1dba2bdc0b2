import type { AddressInfo } from 'node:net'
import { IqBudget } from '../shared/component/iq-budget.ts'
import { ComponentLink, type LinkState } from '../shared/component/link.ts'
import { type Clock, systemClock } from '../shared/runtime/clock.ts'
import { serveHealth } from '../shared/runtime/health.ts'
import { createLog, type Logger } from '../shared/runtime/log.ts'
import { createMetrics, type Metrics } from '../shared/runtime/metrics.ts'
import type { Running } from '../shared/runtime/run.ts'
import { watchSecret } from '../shared/runtime/watched-secret.ts'
import { createSwitchboard } from './addresses/switchboard.ts'
import { type CourierConfig, courierOptions } from './config.ts'
import { createCourierEvents } from './events.ts'

/** Parts of the courier that can be given instead of built. What is given stays its giver's to close. */
export interface CourierParts {
  readonly log: Logger
  readonly metrics: Metrics
  readonly clock: Clock
  readonly random: () => number
}

/** A courier that runs. */
export interface RunningCourier extends Running {
  readonly addresses: { readonly health: AddressInfo }
  /** How it stands with the XMPP server. */
  readonly component: { readonly state: LinkState }
}

/** Builds a courier and starts it; it goes on connecting to the XMPP server for as long as that takes. */
export async function startCourier(config: CourierConfig, given: Partial<CourierParts> = {}): Promise<RunningCourier> {
  const { clock = systemClock, random = Math.random } = given
  const log = given.log ?? createLog('courier', config)
  const metrics = given.metrics ?? createMetrics('courier')
  const events = createCourierEvents({ log, metrics })

  // What is opened here closes in reverse order: when the courier stops, or at once when it cannot start.
  await using opened = new AsyncDisposableStack()
  const componentSecret = opened.use(
    watchSecret({ log }, { service: 'courier', schema: courierOptions, config, option: 'componentSecret' }),
  )
  const live: CourierConfig = {
    ...config,
    get componentSecret() {
      return componentSecret.current
    },
  }
  const switchboard = createSwitchboard(
    { send: (stanza) => link.send(stanza), budget: new IqBudget({ clock }, config), events },
    config,
  )
  const link = new ComponentLink(
    {
      answer: switchboard.receive,
      events,
      onState(state) {
        if (state !== 'connected') switchboard.disconnected(new Error(`the component is ${state}`))
      },
      clock,
      random,
    },
    live,
  )
  events.watchLink(link)
  const ready = () => (link.state === 'connected' || link.state === 'standby' ? undefined : link.state)
  const health = opened.adopt(await serveHealth({ metrics, ready }, config), (it) => it.stop())
  opened.defer(componentSecret.onChange(() => link.retry()))
  opened.adopt(link, (it) => it.stop()).start()

  const running = opened.move()
  return { addresses: { health: health.address }, component: link, stop: () => running.disposeAsync() }
}
