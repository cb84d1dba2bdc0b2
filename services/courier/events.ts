import { Counter, Gauge } from 'prom-client'
import { formatBareJid } from '../shared/bytestream/jid.ts'
import type { EndedCommand } from '../shared/commands/protocol.ts'
import { type ComponentEvents, createComponentEvents } from '../shared/component/events.ts'
import type { Logger } from '../shared/runtime/log.ts'
import type { Metrics } from '../shared/runtime/metrics.ts'
import type { SwitchboardEvents } from './addresses/switchboard.ts'
import { createDeliveryEvents, type DeliveryEvents } from './delivery/delivery-events.ts'
import { type DependencyEvents, dependencies } from './dependencies.ts'
import { createHttpEvents, type HttpEvents } from './http/events.ts'
import { createStreamIntakeEvents, type StreamIntakeEvents } from './intake/stream-intake-events.ts'
import { createParcelEvents, type ParcelEvents } from './parcels/events.ts'
import { createPresenceEvents, type PresenceEvents } from './presence/presence-events.ts'

/** Everything the courier has to tell: each function writes the log line and moves the metric. */
export interface CourierEvents
  extends ComponentEvents,
    CommandEvents,
    SwitchboardEvents,
    StreamIntakeEvents,
    DeliveryEvents,
    ParcelEvents,
    PresenceEvents,
    HttpEvents,
    DependencyEvents {
  /** Whether we may connect could not be found out, or we may no more: another replica takes over. */
  seatLost(error: unknown): void
}

interface EventParts {
  readonly log: Logger
  readonly metrics: Metrics
}

/** Builds the events of one courier. Its metrics belong to `metrics`. */
export function createCourierEvents(parts: EventParts): CourierEvents {
  return {
    ...createComponentEvents(parts, 'splice65_courier'),
    ...createCommandEvents(parts),
    ...createSwitchboardEvents(parts),
    ...createStreamIntakeEvents(parts),
    ...createDeliveryEvents(parts),
    ...createParcelEvents(parts),
    ...createPresenceEvents(parts),
    ...createDependencyEvents(parts),
    ...createHttpEvents(parts),
    seatLost: (error) => parts.log.warn({ err: error }, 'this replica may not connect to the XMPP server now'),
  }
}

interface CommandEvents {
  commandEnded(ended: EndedCommand): void
}

function createCommandEvents({ log }: EventParts): CommandEvents {
  return {
    commandEnded({ node, by, entries, failure }) {
      const told = { command: node, by: formatBareJid(by), entries, reason: failure?.message }
      log.info(told, failure ? 'command failed' : 'command carried out')
    },
  }
}

function createSwitchboardEvents({ log, metrics }: EventParts): SwitchboardEvents {
  const registers = [metrics]
  const answered = new Counter({
    name: 'splice65_courier_iqs_total',
    help: 'Requests to the courier and its addresses that were answered, by answer: result or the condition of the error.',
    labelNames: ['outcome'] as const,
    registers,
  })
  const held = new Counter({
    name: 'splice65_courier_iqs_held_total',
    help: 'Requests refused or dropped because their sender asks too much.',
    labelNames: ['held'] as const,
    registers,
  })
  for (const how of ['refused', 'dropped'] as const) held.inc({ held: how }, 0)
  return {
    iqAnswered: (outcome) => answered.inc({ outcome }),
    handlerFailed: (error) => log.error({ err: error }, 'a request could not be answered'),
    floodHeld(sender, how) {
      held.inc({ held: how })
      if (how === 'refused') log.warn({ sender: formatBareJid(sender) }, 'a sender asks too much')
    },
  }
}

function createDependencyEvents({ log, metrics }: EventParts): DependencyEvents {
  const up = new Gauge({
    name: 'splice65_courier_dependency_up',
    help: '1 while the database, or the blob store, answers, else 0.',
    labelNames: ['dependency'],
    registers: [metrics],
  })
  for (const dependency of dependencies) up.set({ dependency }, 1)
  return {
    dependencyChanged(dependency, error) {
      up.set({ dependency }, error === undefined ? 1 : 0)
      if (error === undefined) log.info({ dependency }, 'a dependency answers again')
      else log.error({ dependency, err: error }, 'a dependency does not answer: the courier is not ready')
    },
  }
}
