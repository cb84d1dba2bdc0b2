import { environmentName } from '../runtime/options.ts'

/** Why there is no stream now, as far as it decides when to try again. */
export type Setback = 'lost' | 'taken' | 'misconfigured'

/** How long to wait before the next attempt, in milliseconds. */
export interface RetryTerms {
  /** After the first loss; doubles with every further one. */
  readonly componentRetryMs: number
  /** The most it grows to. */
  readonly componentRetryMaxMs: number
  /** While another replica holds the component: the least; up to twice as long, by chance. */
  readonly componentStandbyMs: number
  /** After a refusal that only a person can repair. */
  readonly componentMisconfiguredRetryMs: number
}

/** What a stream error condition means for the next attempt (XEP-0114 §3, and what servers send in practice). */
export function setbackOf(condition: string | undefined): Setback {
  switch (condition) {
    case 'conflict':
      return 'taken'
    case 'host-unknown':
    case 'host-gone':
    case 'not-authorized':
    case 'invalid-namespace':
    case 'improper-addressing':
    case 'see-other-host':
    case 'public-address':
      return 'misconfigured'
    default:
      return 'lost'
  }
}

/**
 * The wait before the next attempt. `losses` counts those in a row, from 1. Chance spreads the replicas of a fleet that
 * all lost the same server at the same moment.
 */
export function retryDelayMs(setback: Setback, losses: number, terms: RetryTerms, random: () => number): number {
  switch (setback) {
    case 'taken':
      return terms.componentStandbyMs * (1 + random())
    case 'misconfigured':
      return terms.componentMisconfiguredRetryMs
    case 'lost': {
      const ceiling = Math.min(terms.componentRetryMaxMs, terms.componentRetryMs * 2 ** (losses - 1))
      return ceiling * (0.5 + random() / 2)
    }
  }
}

/** What a person must do about a refusal of this service’s component. */
export function setbackAdvice(condition: string | undefined, service: string): string {
  const name = (option: string) => environmentName(service, option)
  switch (condition) {
    case 'not-authorized':
      return `the component secret (${name('componentSecret')}) is not the one it has for this name`
    case 'invalid-namespace':
      return `the port (${name('componentPort')}) is not one for components (XEP-0114)`
    case 'conflict':
      return 'it lets a newcomer drive out the replica that is connected; Prosody: component_conflict_resolve = "kick_new"'
    case 'see-other-host':
      return `it sends us to another host; set ${name('componentHost')} to that one`
    case 'public-address':
      return `its address is public and component streams are not encrypted; give a private one, or set ${name('componentInsecure')} where something else encrypts the way`
    default:
      return `it has no component of this name (${name('componentDomain')})`
  }
}
