import { type ComponentEvents, createComponentEvents } from '../shared/component/events.ts'
import type { Logger } from '../shared/runtime/log.ts'
import type { Metrics } from '../shared/runtime/metrics.ts'

/** Everything the courier has to tell: each function writes the log line and moves the metric. */
export interface CourierEvents extends ComponentEvents {}

/** Builds the events of one courier. Its metrics belong to `metrics`. */
export function createCourierEvents(parts: { readonly log: Logger; readonly metrics: Metrics }): CourierEvents {
  return { ...createComponentEvents(parts, 'splice65_courier') }
}
