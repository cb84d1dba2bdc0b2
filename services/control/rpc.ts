import { Failure } from '../shared/bytestream/failure.ts'
import type { ControlHandlers } from '../shared/rpc/control-api.ts'
import type { SelfTestResponse__Output as SelfTestResponse } from '../shared/rpc/generated/splice65/control/v1/SelfTestResponse.ts'
import type { ControlEvents } from './events.ts'
import type { Fleet } from './fleet/fleet.ts'
import type { SelfTestReport } from './self-test/report.ts'

/** What control's gRPC answers with. */
export interface ControlHandlerParts {
  readonly fleet: Fleet
  readonly events: Pick<ControlEvents, 'operatorActed'>
  /** Undefined where it is switched off. */
  readonly selfTest: { run(): Promise<SelfTestReport> } | undefined
}

/** Control's answers to `proto/splice65/control/v1`: each calls one function and gives its result. */
export function controlHandlers({ fleet, events, selfTest }: ControlHandlerParts): ControlHandlers {
  return {
    listRelays: async () => ({ relays: await fleet.relays() }),
    listBytestreams: ({ relay }) => fleet.bytestreams(relay),
    async endBytestream({ relay, id }) {
      await fleet.end(relay, id)
      events.operatorActed({ act: 'end', relay, bytestream: id })
      return {}
    },
    async drain({ relay, draining }) {
      const left = await fleet.drain(relay, draining)
      events.operatorActed({ act: draining ? 'drain' : 'undrain', relay })
      return left
    },
    async selfTest() {
      if (!selfTest) throw new Failure('not-ready', 'The self-test of this control is off (CONTROL_SELF_TEST)')
      return judged(await selfTest.run())
    },
  }
}

/** The report with a verdict: nothing failed, and there was something to test. */
function judged({ component, streamhosts, relays }: SelfTestReport): SelfTestResponse {
  const isUp = component === 'connected' || component === 'standby'
  const passed = streamhosts.map(({ outcome }) => outcome === 'passed')
  const reached = relays.map((relay) => relay.reached)
  return {
    passed: isUp && [passed, reached].every((each) => each.length > 0 && each.every(Boolean)),
    component,
    streamhosts: streamhosts.map(({ name, host, port, outcome, reason, message, seconds, relays: by }) => ({
      ...{ name, host, port, seconds },
      passed: outcome === 'passed',
      reason: reason === undefined ? '' : `${reason}: ${message ?? ''}`,
      relays: [...by],
    })),
    relays: relays.map((relay) => ({
      name: relay.name,
      passed: relay.reached,
      reason: relay.reached ? '' : 'no bytes went through it by any address',
    })),
  }
}
