import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Registry } from 'prom-client'
import { recordingLog } from '../../test/support/recording-log.ts'
import { digestAsTyped } from '../shared/bytestream/digest.ts'
import { Failure } from '../shared/bytestream/failure.ts'
import { parseJid } from '../shared/bytestream/jid.ts'
import { StreamEnd } from '../shared/component/stream.ts'
import { createControlEvents } from './events.ts'

function setUp() {
  const { log, lines, everything } = recordingLog()
  const metrics = new Registry()
  return { events: createControlEvents({ log, metrics }), metrics, lines, everything }
}

describe('createControlEvents()', () => {
  it('tells of an activation with bare JIDs and an abbreviated digest, and counts it', async () => {
    const { events, metrics, lines, everything } = setUp()
    const digest = digestAsTyped('s1', 'a@ex.com/R', 'b@ex.org/T')
    const about = {
      requester: parseJid('a@ex.com/Phone'),
      target: parseJid('b@ex.org/Desk'),
      digest,
      durationMs: 1_500,
    }
    events.activationAnswered({ ...about, outcome: 'joined' })
    events.activationAnswered({ ...about, outcome: 'not-ready', error: new Failure('not-ready', 'only one half') })
    events.activationAnswered({
      ...about,
      outcome: 'unavailable',
      error: new Failure('unavailable', 'no relay', { cause: new Error('deadline exceeded') }),
    })
    assert.deepEqual(lines, ['debug activation answered', 'info activation answered', 'warn activation answered'])
    assert.match(everything(), /"requester":"a@ex.com","target":"b@ex.org","digest":"d283bf4d9c2e"/)
    assert.match(everything(), /no relay: deadline exceeded/)
    for (const hidden of [digest, 'Phone', 'Desk']) assert.ok(!everything().includes(hidden), hidden)
    const text = await metrics.metrics()
    assert.match(text, /^splice65_activations_total\{outcome="joined"\} 1$/m)
    assert.match(text, /^splice65_activation_duration_seconds_sum\{outcome="joined"\} 1.5$/m)
  })

  it('tells what an administrator has done, or could not do', () => {
    const { events, lines, everything } = setUp()
    const about = { node: 'splice65:drain-relay', by: parseJid('ann@ex.com/Phone'), entries: { relay: 'relay-0' } }
    events.commandEnded(about)
    events.commandEnded({ ...about, failure: new Failure('unavailable', 'no connection') })
    assert.deepEqual(lines, ['info command carried out', 'info command failed'])
    assert.match(everything(), /"command":"splice65:drain-relay","admin":"ann@ex.com","entries":\{"relay":"relay-0"\}/)
    assert.match(everything(), /"reason":"no connection"/)
  })

  it('says in one line what to do about a server that refuses us', () => {
    const { events, lines } = setUp()
    for (const condition of ['host-unknown', 'not-authorized', 'invalid-namespace']) {
      events.componentMisconfigured(new StreamEnd(condition, { condition }), 30_000)
    }
    assert.equal(lines.length, 3)
    for (const [index, option] of ['DOMAIN', 'SECRET', 'PORT'].entries()) {
      assert.match(lines[index] ?? '', new RegExp(`^error .*CONTROL_COMPONENT_${option}`))
    }
  })

  it('shows the link and the relays as they are at the scrape', async () => {
    const { events, metrics } = setUp()
    const relay = (name: string, draining: boolean) => ({ name, rpcAddress: 'x:1', load: 0, draining, version: '1' })
    const alive = [relay('r0', false), relay('r1', true)]
    const link: { state: 'connecting' | 'connected' | 'standby' } = { state: 'connecting' }
    events.watch({
      link,
      directory: {
        alive: () => alive,
        known: () => [...alive, relay('r2', false)],
        find: () => undefined,
        noneAlive: () => false,
        missingMs: () => 0,
        stop: async () => {},
      },
      registry: { reachable: false },
    })
    link.state = 'standby'
    const text = await metrics.metrics()
    assert.match(text, /^splice65_component_up 0$/m)
    assert.match(text, /^splice65_component_standby 1$/m)
    assert.match(text, /^splice65_registry_up 0$/m)
    for (const state of ['ready', 'draining', 'missing']) {
      assert.match(text, new RegExp(`^splice65_relays\\{state="${state}"\\} 1$`, 'm'))
    }
    link.state = 'connected'
    assert.match(await metrics.metrics(), /^splice65_component_up 1$/m)
  })
})
