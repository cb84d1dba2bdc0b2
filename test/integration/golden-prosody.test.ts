import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { client } from '@xmpp/client'
import { startProsody } from '../../deploy/local/prosody.ts'
import { loginStepMs } from '../../deploy/local/xmpp-server.ts'
import { controlOptions } from '../../services/control/config.ts'
import { startControl } from '../../services/control/wire.ts'
import { createMemoryRegistry } from '../../services/shared/registry/memory.ts'
import { readOptions } from '../../services/shared/runtime/options.ts'
import { attribute, type Element } from '../../services/shared/xmpp/xml.ts'
import { golden, substance, written } from '../golden/corpus.ts'
import { recordingLog } from '../support/recording-log.ts'
import { until } from '../support/until.ts'

const addresses = { from: 'alice@ex.com/phone', to: 'proxy.ex.com' }

describe('Control behind Prosody, asked in a way that is odd and legal', () => {
  it('answers as the corpus says', async () => {
    await using opened = new AsyncDisposableStack()
    const server = opened.adopt(
      await startProsody({
        domain: 'ex.com',
        accounts: [{ user: 'alice', password: 'a' }],
        components: [{ domain: addresses.to, secret: 'secret' }],
      }),
      (it) => it.stop(),
    )
    const registry = opened.adopt(createMemoryRegistry(), (it) => it.close())
    // Whatever is asked for has been joined a moment ago.
    registry.claimActivation = async () => ({ state: 'activated' })
    await registry.announce({ name: 'relay-0', rpcAddress: 'relay-0:1', load: 0, draining: false, version: '1' })
    const config = readOptions('control', controlOptions, {
      CONTROL_COMPONENT_DOMAIN: addresses.to,
      CONTROL_COMPONENT_HOST: '127.0.0.1',
      CONTROL_COMPONENT_PORT: String(server.componentPort),
      CONTROL_COMPONENT_SECRET: 'secret',
      CONTROL_STREAMHOSTS: 'relay.ex.com:7777,alt=[2001:db8::1]:443',
      CONTROL_SELF_TEST: 'false',
      CONTROL_HEALTH_HOST: '127.0.0.1',
      CONTROL_HEALTH_PORT: '0',
      CONTROL_RPC_PORT: '0',
    })
    const control = opened.adopt(await startControl(config, { log: recordingLog().log, registry }), (it) => it.stop())
    await until('control is connected', () => control.component.state === 'connected')

    const alice = client({
      service: server.service,
      domain: 'ex.com',
      resource: 'phone',
      username: 'alice',
      password: 'a',
      timeout: loginStepMs,
    })
    alice.reconnect.stop()
    opened.adopt(alice, async (it) => void (await it.stop().catch(() => {})))
    let answered = Promise.withResolvers<Element>()
    alice.on('error', (error) => answered.reject(error))
    alice.on('stanza', (stanza: Element) => {
      if (attribute(stanza, 'from') === addresses.to) answered.resolve(stanza)
    })
    await alice.start()

    for (const { fact, stanza, answer } of golden) {
      answered = Promise.withResolvers()
      await alice.write(written(stanza, addresses))
      const expected = written('result' in answer ? answer.result : answer.error, addresses)
      assert.equal(substance(await answered.promise), expected, fact)
    }
  })
})
