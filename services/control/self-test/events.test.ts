import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Registry } from 'prom-client'
import { recordingLog } from '../../../test/support/recording-log.ts'
import { createSelfTestEvents } from './events.ts'
import type { SelfTestReason, StreamhostReport } from './report.ts'

function setUp() {
  const { log, lines, everything } = recordingLog()
  const metrics = new Registry()
  const events = createSelfTestEvents({ log, metrics })
  return {
    lines,
    everything,
    text: () => metrics.metrics(),
    end: (...streamhosts: StreamhostReport[]) =>
      events.selfTestEnded({ component: 'connected', streamhosts, relays: [] }),
  }
}

const about = { host: 'relay.example.com', port: 7777, seconds: 0.25 }
const passed = (name: string): StreamhostReport => ({ ...about, name, outcome: 'passed', relays: ['r0'] })
const failed = (name: string, reason: SelfTestReason): StreamhostReport => ({
  ...about,
  name,
  outcome: 'failed',
  reason,
  message: `because of ${reason}`,
  relays: [],
})

describe('createSelfTestEvents()', () => {
  it('shows every address under its name, the nameless one as shared', async () => {
    const { end, text } = setUp()
    end(passed(''), failed('alt', 'dns'))
    const shown = await text()
    assert.match(shown, /^splice65_self_test_up\{streamhost="shared"\} 1$/m)
    assert.match(shown, /^splice65_self_test_up\{streamhost="alt"\} 0$/m)
    assert.match(shown, /^splice65_self_test_duration_seconds\{streamhost="shared"\} 0.25$/m)
    assert.match(shown, /^splice65_self_test_last_success_timestamp_seconds\{streamhost="shared"\} \d{10}/m)
    assert.doesNotMatch(shown, /timestamp_seconds\{streamhost="alt"\}/)
  })

  it('remembers the last success of an address that fails now', async () => {
    const { end, text } = setUp()
    end(passed(''))
    end(failed('', 'refused'))
    const shown = await text()
    assert.match(shown, /^splice65_self_test_up\{streamhost="shared"\} 0$/m)
    assert.match(shown, /^splice65_self_test_last_success_timestamp_seconds\{streamhost="shared"\} \d{10}/m)
  })

  it('shows no address that is advertised no more', async () => {
    const { end, text } = setUp()
    end(passed('relay-0'), passed('relay-1'))
    end(passed('relay-0'))
    const shown = await text()
    assert.match(shown, /streamhost="relay-0"/)
    assert.doesNotMatch(shown, /streamhost="relay-1"/)
  })

  it('tells of a state once, and of every change', () => {
    const { end, lines, everything } = setUp()
    for (const report of [passed(''), passed('')]) end(report)
    for (const reason of ['dns', 'dns', 'timeout'] as const) end(failed('', reason))
    for (const report of [passed(''), passed('')]) end(report)
    assert.deepEqual(lines, [
      'info bytes go through an advertised address',
      'error no bytes go through an advertised address',
      'error no bytes go through an advertised address',
      'info the address works again',
    ])
    assert.match(
      everything(),
      /"streamhost":"shared","host":"relay.example.com","port":7777,"reason":"dns","message":"because of dns"/,
    )
  })
})
