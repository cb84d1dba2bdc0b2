import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { controlOptions } from '../../services/control/config.ts'
import { startControl } from '../../services/control/wire.ts'
import { createMemoryRegistry } from '../../services/shared/registry/memory.ts'
import { readOptions } from '../../services/shared/runtime/options.ts'
import { attribute, ns } from '../../services/shared/xmpp/xml.ts'
import { measureMemory } from '../fuzz/memory.ts'
import { startComponentServer } from '../support/component-server.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { recordingLog } from '../support/recording-log.ts'

const flood = 20_000
const others = 50
const burst = 200

const ping = (from: string, id: string) =>
  `<iq type='get' id='${id}' from='${from}' to='proxy.ex.com'><ping xmlns='${ns.ping}'/></iq>`

describe('A flood of requests from one JID', () => {
  it('keeps nobody else from an answer while it runs, is told once and leaves nothing behind', async () => {
    await using server = await startComponentServer()
    const registry = createMemoryRegistry()
    const { log, lines } = recordingLog()
    const config = readOptions('control', controlOptions, {
      CONTROL_COMPONENT_DOMAIN: 'proxy.ex.com',
      CONTROL_COMPONENT_HOST: '127.0.0.1',
      CONTROL_COMPONENT_PORT: String(server.port),
      CONTROL_COMPONENT_SECRET: 'secret',
      CONTROL_STREAMHOSTS: 'relay.ex.com:7777',
      CONTROL_IQ_BURST: String(burst),
      CONTROL_SELF_TEST: 'false',
      CONTROL_HEALTH_HOST: '127.0.0.1',
      CONTROL_HEALTH_PORT: '0',
      CONTROL_RPC_PORT: '0',
    })
    // By a clock that stands still the flood is endlessly fast.
    const control = await startControl(config, { log, registry, clock: new ManualClock() })
    try {
      await server.connected
      const toFlood: string[] = []
      const awaited = new Map<string, () => void>()
      server.onStanza((stanza) => {
        const id = attribute(stanza, 'id') ?? ''
        if (attribute(stanza, 'to') === 'mallory@ex.com/x') toFlood.push(attribute(stanza, 'type') ?? '')
        else awaited.get(id)?.()
      })

      let warm = measureMemory().heap
      for (let other = 0; other < others; other++) {
        const answered = new Promise<void>((resolve) => awaited.set(`o${other}`, resolve))
        const pings = Array.from({ length: flood / others }, (_, i) => ping('mallory@ex.com/x', `f${other}-${i}`))
        await server.write(pings.join('') + ping(`user${other}@ex.com/x`, `o${other}`))
        // The flood goes on only when the other has its answer.
        await answered
        if (other === others / 2) warm = measureMemory().heap
      }

      assert.deepEqual(toFlood.toSorted(), ['error', ...Array.from({ length: burst }, () => 'result')])
      const grown = measureMemory().heap - warm
      assert.ok(grown < 4 << 20, `the heap grew by ${grown} bytes`)
      assert.equal(lines.filter((line) => line.startsWith('warn a sender asks too much')).length, 1)
      const metrics = await (await fetch(`http://127.0.0.1:${control.addresses.health.port}/metrics`)).text()
      assert.match(metrics, /^splice65_iqs_over_budget_total\{outcome="refused"\} 1$/m)
      assert.match(
        metrics,
        new RegExp(`^splice65_iqs_over_budget_total\\{outcome="dropped"\\} ${flood - burst - 1}$`, 'm'),
      )
    } finally {
      await control.stop()
      await registry.close()
    }
  })

  it('between two proxies that are led at one another dies with its first answer', async () => {
    const { answeringControl } = await import('../support/answering-control.ts')
    const { parseStanza } = await import('../support/parse-stanza.ts')
    const { answer } = answeringControl()
    for (const type of ['get', 'set', 'subscribe', 'result', 'error', 'probe']) {
      for (const name of ['iq', 'presence', 'message']) {
        const first = parseStanza(
          `<${name} type='${type}' id='1' from='proxy.other.com' to='proxy.ex.com'><ping xmlns='${ns.ping}'/></${name}>`,
        )
        const second = await answer(first)
        if (!second) continue
        // The other proxy is the same program: what it is sent, ours would have to answer.
        const text = String(second)
          .replaceAll('proxy.ex.com', 'proxy.tmp.com')
          .replaceAll('proxy.other.com', 'proxy.ex.com')
        assert.equal(await answer(parseStanza(text)), undefined, text)
      }
    }
  })
})
