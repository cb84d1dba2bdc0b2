import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limitNames } from '../../services/control/bytestreams/quotas.ts'
import { controlOptions } from '../../services/control/config.ts'
import { courierOptions } from '../../services/courier/config.ts'
import { relayOptions } from '../../services/relay/config.ts'
import { limitResults } from '../../services/relay/events.ts'
import { runForMetrics } from '../monitoring/service-metrics.ts'
import { limitGroups } from './limits.ts'

const limits = limitGroups.flatMap((group) => group.limits)
/** What binds the service itself and not its clients: how long an answer may take, how fast it asks. */
const ofOurOwn = new Set(['control activationTimeoutMs', 'courier presencePerSecond'])
const schemas = { relay: relayOptions, control: controlOptions, courier: courierOptions }
const limiting =
  /^max[A-Z]|(Per(Second|Source|Requester|Domain|Sender|Recipient)|RateBytes|Burst|Limits|^lifetimeMs)$|^(handshake|activation|finished|idle|stall)Timeout/

describe('The limits of LIMITS.md', () => {
  it('are all that the services have', () => {
    for (const [service, { shape }] of Object.entries(schemas)) {
      const named = limits.filter((limit) => limit.service === service).map(({ option }) => String(option))
      assert.deepEqual(new Set(named).size, named.length, 'each once')
      for (const option of Object.keys(shape).filter((name) => limiting.test(name))) {
        if (ofOurOwn.has(`${service} ${option}`)) continue
        assert.ok(named.includes(option), `${option} of ${service} is not on the page`)
      }
    }
  })

  it('are counted where the page says, from 0 on', async () => {
    await using services = await runForMetrics()
    // Some limits of control end what runs on a relay, and one of relays is met at control.
    const texts = [services.relay, services.control, services.courier].map((each) => each.metrics())
    const shown = (await Promise.all(texts)).join('\n').split('\n')
    for (const { option, operator } of limits) {
      for (const [, metric = '', labels = ''] of operator.matchAll(/`(splice65_\w+)(?:\{([^}]*)\})?`/g)) {
        const wanted = labels.split(',').filter((label) => label !== '')
        const found = shown.some(
          (line) => new RegExp(`^${metric}[{ ]`).test(line) && wanted.every((it) => line.includes(it)),
        )
        assert.ok(found, `${option}: there is no ${metric}{${labels}}`)
      }
    }
  })

  it('have every reason for which a client is refused because of one', () => {
    const told = limits.map(({ operator }) => operator).join()
    for (const reason of [...limitResults, ...limitNames]) assert.ok(told.includes(`="${reason}"`), reason)
  })
})
