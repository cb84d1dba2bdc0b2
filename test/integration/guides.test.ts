import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startEjabberd } from '../../deploy/local/ejabberd.ts'
import { freePort } from '../../deploy/local/port.ts'
import { startProsody } from '../../deploy/local/prosody.ts'
import type { XmppServer } from '../../deploy/local/xmpp-server.ts'
import { controlOptions } from '../../services/control/config.ts'
import { startControl } from '../../services/control/wire.ts'
import { createMemoryRegistry } from '../../services/shared/registry/memory.ts'
import { readOptions } from '../../services/shared/runtime/options.ts'
import { attribute, ns, xml } from '../../services/shared/xmpp/xml.ts'
import { blocksOf, componentPortOfGuides, localised } from '../support/guide.ts'
import { recordingLog } from '../support/recording-log.ts'
import { logInRequester } from '../support/requester.ts'
import { until } from '../support/until.ts'

const domain = 'example.com'
const accounts = [{ user: 'alice', password: 'alice' }]

const pages = [
  { page: 'README.md', language: 'lua', start: startProsody },
  { page: 'README.md', language: 'yaml', start: startEjabberd },
  { page: 'deploy/examples/prosody.md', language: 'lua', start: startProsody },
  { page: 'deploy/examples/ejabberd.md', language: 'yaml', start: startEjabberd },
] as const

/** The one component that a block lets in. */
function componentOf(block: string): string {
  const names = new Set([...block.matchAll(/\b(?:proxy|streams)\.example\.\w+/g)].map(([name]) => name))
  const [name, ...others] = names
  assert.ok(name && others.length === 0, `the block has one component, and not ${[...names]}`)
  return name
}

/** A control that connects with the secret of the guides, and advertises one address. */
function startAdvertisingControl(server: XmppServer, componentDomain: string) {
  const config = readOptions('control', controlOptions, {
    CONTROL_COMPONENT_DOMAIN: componentDomain,
    CONTROL_COMPONENT_PORT: String(server.componentPort),
    CONTROL_COMPONENT_SECRET: 'the secret',
    CONTROL_ALLOW: domain,
    CONTROL_STREAMHOSTS: 'relay.example.com:7777',
    CONTROL_SELF_TEST: 'false',
    CONTROL_HEALTH_HOST: '127.0.0.1',
    CONTROL_HEALTH_PORT: '0',
    CONTROL_RPC_PORT: '0',
  })
  return startControl(config, { registry: createMemoryRegistry(), log: recordingLog().log })
}

for (const { page, language, start } of pages) {
  describe(`The ${language} of ${page}`, async () => {
    for (const [index, block] of (await blocksOf(page, language, componentPortOfGuides)).entries()) {
      it(`lets control in and its clients find the proxy, by block ${index + 1}`, async () => {
        await using opened = new AsyncDisposableStack()
        const proxy = componentOf(block)
        const componentPort = await freePort()
        const pasted = localised(block, componentPort)
        const server = opened.use(await start({ domain, accounts, components: [], componentPort, pasted }))
        const control = opened.adopt(await startAdvertisingControl(server, proxy), (it) => it.stop())
        await until('control is connected', () => control.component.state === 'connected')

        const alice = opened.use(await logInRequester({ xmpp: server, accounts, proxy }))
        const items = await alice.ask('get', xml('query', { xmlns: ns.discoItems }), domain)
        const listed = items.getChild('query')?.getChildElements() ?? []
        assert.ok(
          listed.some((item) => attribute(item, 'jid') === proxy),
          `${items} lists ${proxy}`,
        )

        const answer = await alice.ask('get', xml('query', { xmlns: ns.bytestreams }))
        assert.equal(answer.getChild('query')?.getChild('streamhost')?.attrs.host, 'relay.example.com', String(answer))
      })
    }
  })
}
