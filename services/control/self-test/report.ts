import type { LinkState } from '../../shared/component/link.ts'

/** Why bytes did not go through an advertised address. */
export const selfTestReasons = [
  /** Its name leads to no address. */
  'dns',
  /** Nobody listens there. */
  'refused',
  /** The network says no in another way. */
  'unreachable',
  'timeout',
  /** Something answers, but no SOCKS5. */
  'not-socks5',
  /** A relay answers, and refuses. */
  'socks-reply',
  /** Both halves were taken, but could not be joined. */
  'not-activated',
  /** The bytestream broke, or other bytes came out than went in. */
  'bytes',
] as const
export type SelfTestReason = (typeof selfTestReasons)[number]

/** How it went with one advertised address. */
export interface StreamhostReport {
  /** Resource of the streamhost's JID; empty for the component's own. */
  readonly name: string
  readonly host: string
  readonly port: number
  readonly outcome: 'passed' | 'failed'
  /** Only where it failed. */
  readonly reason?: SelfTestReason
  /** The reason in a sentence; only where it failed. */
  readonly message?: string
  /** How long all of its bytestreams took together. */
  readonly seconds: number
  /** Names of the relays that carried bytes by this address, in order of their names. */
  readonly relays: readonly string[]
}

/** A relay that takes new bytestreams, and whether bytes went through it, by whichever address. */
export interface RelayReport {
  readonly name: string
  readonly reached: boolean
}

/** What a self-test found. */
export interface SelfTestReport {
  /** How control stands with the XMPP server. */
  readonly component: LinkState
  readonly streamhosts: readonly StreamhostReport[]
  /** The relays that were ready when the test ended. One that had only just come may not have been reached. */
  readonly relays: readonly RelayReport[]
}
