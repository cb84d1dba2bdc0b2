import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import type { SelfTestReport } from './report.ts'
import { SelfTest } from './self-test.ts'

/** A self-test without any address to test, so that only its times are left. */
function setUp(random: () => number) {
  const clock = new ManualClock()
  const reports: SelfTestReport[] = []
  const directory = {
    alive: () => [{ name: 'r0', rpcAddress: 'r0:1', load: 0, draining: false, version: '1' }],
    known: () => [],
    find: () => undefined,
    missingMs: () => 0,
    noneAlive: () => false,
    stop: async () => {},
  }
  const selfTest = new SelfTest(
    {
      activator: { activate: async () => assert.fail('there is nothing to activate') },
      directory,
      component: { state: 'standby' },
      events: { selfTestEnded: (report) => reports.push(report), selfTestBroke: assert.fail },
      clock,
      random,
    },
    {
      componentDomain: 'proxy.example.com',
      streamhosts: [],
      streamhostMode: 'shared',
      perPodStreamhosts: 3,
      selfTestIntervalMs: 60_000,
      selfTestTimeoutMs: 10_000,
      selfTestBytes: 1,
    },
  )
  const pass = async (ms: number) => {
    clock.advance(ms)
    for (let turn = 0; turn < 5; turn++) await setImmediate()
  }
  return { selfTest, reports, clock, pass }
}

describe('SelfTest', () => {
  it('tests at a moment left to chance, and then again and again', async () => {
    const { selfTest, reports, pass } = setUp(() => 0.5)
    selfTest.start()
    await pass(29_999)
    assert.equal(reports.length, 0)
    await pass(1)
    assert.equal(reports.length, 1)
    await pass(59_999)
    assert.equal(reports.length, 1)
    await pass(1)
    assert.equal(reports.length, 2)
  })

  it('leaves the next moment to chance as well', async () => {
    const chances = [0, 1]
    const { selfTest, reports, pass } = setUp(() => chances.shift() ?? 0)
    selfTest.start()
    await pass(0)
    assert.equal(reports.length, 1)
    await pass(74_999)
    assert.equal(reports.length, 1)
    await pass(1)
    assert.equal(reports.length, 2)
  })

  it('tests while standing by too, and names relays that no address leads to', async () => {
    const { selfTest } = setUp(() => 0)
    assert.deepEqual(await selfTest.run(), {
      component: 'standby',
      streamhosts: [],
      relays: [{ name: 'r0', reached: false }],
    })
  })

  it('never tests again once it is stopped', async () => {
    const { selfTest, reports, clock, pass } = setUp(() => 0)
    selfTest.start()
    await selfTest.stop()
    assert.equal(clock.pending, 0)
    await pass(200_000)
    assert.equal(reports.length, 0)
    await assert.rejects(selfTest.run(), /control stops/)
  })
})
