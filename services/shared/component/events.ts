import { Counter, Gauge } from 'prom-client'
import type { Logger } from '../runtime/log.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { LinkEvents, LinkState } from './link.ts'
import { setbackAdvice } from './retry.ts'

/** What a component tells of its link to the XMPP server. */
export interface ComponentEvents extends LinkEvents {
  /** Shows the link's state, from now on, at every scrape. */
  watchLink(link: { readonly state: LinkState }): void
}

/**
 * Builds them. The names of the metrics begin with `prefix`, which is another for each service: whether the proxy is up
 * is not answered by the courier.
 */
export function createComponentEvents(
  { log, metrics }: { readonly log: Logger; readonly metrics: Metrics },
  prefix: 'splice65_component' | 'splice65_courier',
): ComponentEvents {
  const service = prefix === 'splice65_component' ? 'control' : 'courier'
  const registers = [metrics]
  const connects = new Counter({
    name: `${prefix}_connects_total`,
    help: 'Times the XMPP server has accepted the component.',
    registers,
  })
  const misconfigured = new Gauge({
    name: `${prefix}_misconfigured`,
    help: '1 while the XMPP server refuses the component’s name, secret or port, which only a person can repair.',
    registers,
  })
  const lostAnswers = new Counter({
    name: prefix === 'splice65_component' ? 'splice65_answers_lost_total' : `${prefix}_answers_lost_total`,
    help: 'Answers that could not be sent because the component stream was down.',
    registers,
  })
  return {
    componentConnected() {
      connects.inc()
      misconfigured.set(0)
      log.info('connected to the XMPP server')
    },
    componentStandsBy() {
      misconfigured.set(0)
      log.info('standing by: another replica is connected to the XMPP server')
    },
    componentLost(reason, retryInMs) {
      misconfigured.set(0)
      log.warn(
        { reason: reason.message, condition: reason.condition, retryInMs: Math.round(retryInMs) },
        'not connected to the XMPP server',
      )
    },
    componentMisconfigured(reason, retryInMs) {
      misconfigured.set(1)
      log.error(
        { reason: reason.message, condition: reason.condition, retryInMs: Math.round(retryInMs) },
        `the XMPP server does not take us: ${setbackAdvice(reason.condition, service)}`,
      )
    },
    answerLost(error) {
      lostAnswers.inc()
      log.warn({ err: error }, 'an answer could not be sent')
    },
    watchLink(link) {
      new Gauge({
        name: `${prefix}_up`,
        help: '1 while the XMPP server has accepted the component, else 0.',
        registers,
        collect() {
          this.set(link.state === 'connected' ? 1 : 0)
        },
      })
      new Gauge({
        name: `${prefix}_standby`,
        help: '1 while another replica holds the component and this one waits, else 0.',
        registers,
        collect() {
          this.set(link.state === 'standby' ? 1 : 0)
        },
      })
    },
  }
}
