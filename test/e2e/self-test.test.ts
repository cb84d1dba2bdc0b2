import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startFleet } from '../../deploy/local/fleet.ts'
import { sample } from '../support/sample.ts'

const passes = (line: { msg?: unknown }) => line.msg === 'bytes go through an advertised address'
const fails = (line: { msg?: unknown }) => line.msg === 'no bytes go through an advertised address'

describe('The self-test of a control', () => {
  it('shows in its metrics whether its addresses work, at the standby too, and leaves readiness alone', async () => {
    await using fleet = await startFleet({ relays: 2, control: { selfTest: true, selfTestIntervalMs: 1_000 } })
    const connected = fleet.control
    const standby = await fleet.startControl()
    const broken = await fleet.startControl({ streamhosts: '127.0.0.1:1,alt=127.0.0.1:2' })
    for (const control of [connected, standby]) {
      await control.waitForLine(passes)
      assert.equal(await sample(control, 'splice65_self_test_up', { streamhost: 'shared' }), 1)
      assert.ok((await sample(control, 'splice65_self_test_last_success_timestamp_seconds')) > 1e9)
    }
    const { reason, host, port } = await broken.waitForLine(fails)
    assert.deepEqual([reason, host, port], ['refused', '127.0.0.1', 1])
    assert.match(await broken.metrics(), /^splice65_self_test_up\{streamhost="alt"\} 0$/m)
    await broken.ready()
    assert.equal(await sample(fleet.relays, 'splice65_bytestreams_total'), 0)
  })

  it('can be switched off', async () => {
    await using fleet = await startFleet({ relays: 1, control: { selfTest: false } })
    assert.doesNotMatch(await fleet.control.metrics(), /self_test/)
  })
})
