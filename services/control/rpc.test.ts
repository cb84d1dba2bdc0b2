import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure } from '../shared/bytestream/failure.ts'
import type { Fleet } from './fleet/fleet.ts'
import { controlHandlers } from './rpc.ts'
import type { SelfTestReport, StreamhostReport } from './self-test/report.ts'

const passed: StreamhostReport = {
  ...{ name: '', host: 'relay.example.test', port: 7777 },
  ...{ outcome: 'passed', seconds: 0.25, relays: ['r0'] },
}
const failed: StreamhostReport = {
  ...passed,
  ...{ outcome: 'failed', reason: 'refused', message: 'Nobody listens at relay.example.test:7777', relays: [] },
}
const good: SelfTestReport = {
  component: 'connected',
  streamhosts: [passed],
  relays: [{ name: 'r0', reached: true }],
}

const events = { operatorActed() {} }

const judge = async (report: SelfTestReport) => {
  const handlers = controlHandlers({ fleet: {} as Fleet, events, selfTest: { run: async () => report } })
  return handlers.selfTest({})
}

describe('controlHandlers().selfTest()', () => {
  it('passes where the component is up and bytes went through every address and relay', async () => {
    assert.equal((await judge(good)).passed, true)
    assert.equal((await judge({ ...good, component: 'standby' })).passed, true)
  })

  const faults: Readonly<Record<string, Partial<SelfTestReport>>> = {
    'without a component': { component: 'connecting' },
    'with an address that failed': { streamhosts: [passed, failed] },
    'with a relay that no bytes went through': { relays: [...good.relays, { name: 'r1', reached: false }] },
    'without an address': { streamhosts: [] },
    'without a relay': { relays: [] },
  }
  for (const [fact, fault] of Object.entries(faults)) {
    it(`does not pass ${fact}`, async () => assert.equal((await judge({ ...good, ...fault })).passed, false))
  }

  it('says why', async () => {
    const { streamhosts, relays } = await judge({
      ...good,
      ...{ streamhosts: [failed], relays: [{ name: 'r1', reached: false }] },
    })
    assert.deepEqual(
      streamhosts.map(({ passed: ok, reason }) => [ok, reason]),
      [[false, 'refused: Nobody listens at relay.example.test:7777']],
    )
    assert.match(relays[0]?.reason ?? '', /no bytes/)
  })

  it('is refused where it is switched off', async () => {
    const { selfTest } = controlHandlers({ fleet: {} as Fleet, events, selfTest: undefined })
    await assert.rejects(selfTest({}), (error) => error instanceof Failure && error.code === 'not-ready')
  })
})
