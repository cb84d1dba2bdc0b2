import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { client } from '@xmpp/client'
import { loginStepMs, type XmppServer, type XmppServerOptions } from '../../deploy/local/xmpp-server.ts'
import { controlOptions } from '../../services/control/config.ts'
import { type RunningControl, startControl } from '../../services/control/wire.ts'
import { digestAsTyped } from '../../services/shared/bytestream/digest.ts'
import { createMemoryRegistry } from '../../services/shared/registry/memory.ts'
import type { Registry } from '../../services/shared/registry/registry.ts'
import type { RelayClients } from '../../services/shared/rpc/relay-clients.ts'
import { readOptions } from '../../services/shared/runtime/options.ts'
import { readStanzaError } from '../../services/shared/xmpp/stanza-error.ts'
import { attribute, type Element, ns, xml } from '../../services/shared/xmpp/xml.ts'
import { recordingLog } from './recording-log.ts'
import { until } from './until.ts'

const domain = 'example.test'
const proxy = `proxy.${domain}`
/** Its parent domain is not that of our clients: to it they are strangers. */
const foreignProxy = 'proxy.elsewhere.test'
const secret = 'component-canary'
const requester = `alice@${domain}/R`
const target = 'bob@example.org/T'

/** What control does on one kind of real XMPP server. `replicas`: what the server does with a second one. */
export function controlSuite(
  name: string,
  startServer: (options: XmppServerOptions) => Promise<XmppServer>,
  replicas: 'one stands by' | 'both are connected',
): void {
  describe(`control on ${name}`, () => {
    let server: XmppServer
    let alice: Asker
    let registry: Registry
    const controls: RunningControl[] = []

    before(async () => {
      server = await startServer({
        domain,
        accounts: [{ user: 'alice', password: 'a' }],
        components: [proxy, foreignProxy].map((component) => ({ domain: component, secret })),
      })
      alice = await logIn(server)
    })

    after(async () => {
      await alice.stop()
      await server.stop()
    })

    afterEach(async () => {
      await Promise.all(controls.splice(0).map((control) => control.stop()))
      await registry.close()
    })

    async function start(settings: Record<string, string> = {}): Promise<RunningControl & { lines: string[] }> {
      const { log, lines, everything } = recordingLog()
      const config = readOptions('control', controlOptions, {
        CONTROL_COMPONENT_DOMAIN: proxy,
        CONTROL_COMPONENT_HOST: '127.0.0.1',
        CONTROL_COMPONENT_PORT: String(server.componentPort),
        CONTROL_COMPONENT_SECRET: secret,
        CONTROL_COMPONENT_RETRY_MS: '20',
        CONTROL_COMPONENT_RETRY_MAX_MS: '200',
        CONTROL_COMPONENT_STANDBY_MS: '50',
        CONTROL_STREAMHOSTS: 'relay.example.test:7777,alt=[2001:DB8::1]:443',
        CONTROL_OVERTAKE_MS: '100',
        CONTROL_SELF_TEST: 'false',
        CONTROL_HEALTH_HOST: '127.0.0.1',
        CONTROL_HEALTH_PORT: '0',
        CONTROL_RPC_PORT: '0',
        ...settings,
      })
      const control = await startControl(config, { log, registry, relays: obligingRelays })
      controls.push({
        ...control,
        async stop() {
          await control.stop()
          assert.ok(!everything().includes(secret), 'the secret is in the log')
        },
      })
      return { ...control, lines }
    }

    async function startConnected(settings?: Record<string, string>): Promise<RunningControl> {
      registry = createMemoryRegistry()
      await registry.announce({ name: 'relay-0', rpcAddress: 'relay-0:1', load: 0, draining: false, version: '1' })
      const control = await start(settings)
      await connected(control)
      return control
    }

    it('is found by service discovery', async () => {
      await startConnected()
      const items = await alice.get(domain, xml('query', { xmlns: ns.discoItems }))
      const jids = items
        .getChild('query')
        ?.getChildElements()
        .map((item) => attribute(item, 'jid'))
      assert.ok(jids?.includes(proxy), `${proxy} is among ${jids}`)

      const info = await alice.get(proxy, xml('query', { xmlns: ns.discoInfo }))
      const identity = info.getChild('query')?.getChild('identity')
      assert.deepEqual([identity?.attrs.category, identity?.attrs.type], ['proxy', 'bytestreams'])
    })

    it('answers ping, version and uptime', async () => {
      await startConnected()
      for (const payload of [
        xml('ping', { xmlns: ns.ping }),
        xml('query', { xmlns: ns.version }),
        xml('query', { xmlns: ns.lastActivity }),
      ]) {
        assert.equal((await alice.get(proxy, payload)).attrs.type, 'result')
      }
    })

    it('tells its streamhosts', async () => {
      await startConnected()
      const result = await alice.get(proxy, xml('query', { xmlns: ns.bytestreams }))
      const streamhosts = result.getChild('query', ns.bytestreams)?.getChildElements()
      assert.deepEqual(
        streamhosts?.map(({ attrs }) => [attrs.jid, attrs.host, attrs.port]),
        [
          [proxy, 'relay.example.test', '7777'],
          [`${proxy}/alt`, '2001:db8::1', '443'],
        ],
      )
    })

    it('forbids strangers the address and the activation', async () => {
      await startConnected({ CONTROL_COMPONENT_DOMAIN: foreignProxy })
      const address = await alice.get(foreignProxy, xml('query', { xmlns: ns.bytestreams }))
      assert.equal(refusal(address), 'forbidden auth')
      assert.equal(refusal(await alice.activate('s1', target, foreignProxy)), 'forbidden auth')
    })

    it('activates two halves, and says so again when asked again', async () => {
      await startConnected()
      await hold('s1', 'h1', 'h2')
      for (const _ of [1, 2]) {
        const answer = await alice.activate('s1', target)
        assert.equal(answer.attrs.type, 'result')
        assert.deepEqual(answer.getChildElements(), [])
      }
    })

    it('activates in the room of the streamhost that is asked', async () => {
      await startConnected()
      await hold('s1', 'h1', 'h2')
      assert.equal(refusal(await alice.activate('s1', target, `${proxy}/alt`)), 'item-not-found cancel')
      assert.equal((await alice.activate('s1', target)).attrs.type, 'result')
    })

    it('activates a pair that took another address for the component’s own', async () => {
      await startConnected()
      const room = { digest: digestAsTyped('s2', requester, target), streamhost: 'alt' }
      for (const id of ['h1', 'h2']) await registry.claim(room, { id, relay: 'relay-0', replaceable: false })
      assert.equal((await alice.activate('s2', target)).attrs.type, 'result')
    })

    it('refuses an activation in the terms clients know, with the query in the error', async () => {
      await startConnected()
      await hold('lonely', 'h1')
      const cases: [sid: string | undefined, target: string, error: string][] = [
        ['unheard-of', target, 'item-not-found cancel'],
        ['lonely', 'mallory@example.org/T', 'item-not-found cancel'],
        ['lonely', target, 'not-allowed cancel'],
        ['s1', '@', 'jid-malformed modify'],
        [undefined, target, 'bad-request modify'],
      ]
      for (const [sid, jid, error] of cases) {
        const answer = await alice.activate(sid, jid)
        assert.equal(refusal(answer), error)
        const echo = answer.getChild('query', ns.bytestreams)
        assert.ok(echo)
        assert.equal(attribute(echo, 'sid'), sid)
      }
    })

    it('refuses what it does not know', async () => {
      await startConnected()
      assert.equal(refusal(await alice.get(proxy, xml('x', { xmlns: 'urn:x' }))), 'service-unavailable cancel')
      assert.equal(
        refusal(await alice.get(`nobody@${proxy}`, xml('ping', { xmlns: ns.ping }))),
        'service-unavailable cancel',
      )
    })

    it(`runs twice: ${replicas}, and the second serves when the first stops`, async () => {
      const first = await startConnected()
      const second = await start()
      if (replicas === 'one stands by') {
        await until('the second stands by', () => second.component.state === 'standby')
        const { port } = second.addresses.health
        assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200)
        const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
        assert.match(metrics, /^splice65_component_up 0$/m)
        assert.match(metrics, /^splice65_component_standby 1$/m)
      } else {
        await connected(second)
        assert.equal(first.component.state, 'connected')
      }
      await first.stop()
      await connected(second)
      await until('the server routes to the second', answersPing)
    })

    it('asked to stop, is unready at once and still answers what it was asked', async () => {
      const control = await startConnected({ CONTROL_OVERTAKE_MS: '10000' })
      const taken = Promise.withResolvers<void>()
      const claim = registry.claimActivation.bind(registry)
      registry.claimActivation = (room, claimant) => {
        taken.resolve()
        return claim(room, claimant)
      }
      await hold('sid-stop', 'a')
      const answer = alice.activate('sid-stop', target)
      await taken.promise
      const drained = control.drain(new AbortController().signal)
      const readyz = await fetch(`http://127.0.0.1:${control.addresses.health.port}/readyz`)
      assert.deepEqual([readyz.status, await readyz.text()], [503, 'stopping\n'])
      await hold('sid-stop', 'b')
      assert.equal((await answer).attrs.type, 'result')
      await drained
    })

    it('says what is wrong when the secret is, and is not ready', async () => {
      registry = createMemoryRegistry()
      const control = await start({ CONTROL_COMPONENT_SECRET: `${secret}-not` })
      await until('it is told', () => control.lines.some((line) => /^error .*CONTROL_COMPONENT_SECRET/.test(line)))
      const { port } = control.addresses.health
      assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 503)
    })

    it('comes back when the server restarts', async () => {
      const control = await startConnected()
      await alice.stop()
      await server.restart()
      alice = await logIn(server)
      await connected(control)
      await until('it answers again', answersPing)
    })

    /** A server may still route a request to a connection that is ending; that one is never answered. */
    async function answersPing(): Promise<boolean> {
      const answer = await Promise.race([alice.get(proxy, xml('ping', { xmlns: ns.ping })), delay(1_000)])
      return answer?.attrs.type === 'result'
    }

    async function hold(sid: string, ...ids: string[]): Promise<void> {
      const room = { digest: digestAsTyped(sid, requester, target), streamhost: '' }
      for (const id of ids) await registry.claim(room, { id, relay: 'relay-0', replaceable: false })
    }
  })
}

/** Relays that hold nothing of their own and join whatever they are told to. */
const obligingRelays: RelayClients = {
  at() {
    const unused = async () => assert.fail('control does not call this')
    return {
      activate: async () => ({ path: 'PATH_LOCAL', bytestream: 'b1' }),
      findHalves: async () => ({ halves: [], activated: false }),
      handoff: unused,
      listBytestreams: unused,
      endBytestream: unused,
      drain: unused,
      describe: unused,
    }
  },
  warm() {},
  close() {},
}

function connected(control: RunningControl): Promise<void> {
  return until('control is connected', () => control.component.state === 'connected')
}

/** A client that asks and takes the answer as it is, be it a result or an error. */
interface Asker {
  get(to: string, payload: Element): Promise<Element>
  activate(sid: string | undefined, target: string, to?: string): Promise<Element>
  stop(): Promise<void>
}

async function logIn(server: XmppServer): Promise<Asker> {
  const { service } = server
  const xmpp = client({ service, domain, resource: 'R', username: 'alice', password: 'a', timeout: loginStepMs })
  xmpp.reconnect.stop()
  const answers = new Map<string, (answer: Element) => void>()
  xmpp.on('error', () => {})
  xmpp.on('stanza', (stanza: Element) => answers.get(attribute(stanza, 'id') ?? '')?.(stanza))
  await xmpp.start()

  async function ask(type: 'get' | 'set', to: string, payload: Element): Promise<Element> {
    const id = randomUUID()
    const { promise, resolve } = Promise.withResolvers<Element>()
    answers.set(id, resolve)
    await xmpp.send(xml('iq', { type, id, to }, payload))
    return promise
  }
  return {
    get: (to, payload) => ask('get', to, payload),
    activate: (sid, jid, to = proxy) =>
      ask('set', to, xml('query', { xmlns: ns.bytestreams, sid }, xml('activate', {}, jid))),
    async stop() {
      await xmpp.stop()
    },
  }
}

function refusal(answer: Element): string {
  assert.equal(answer.attrs.type, 'error', String(answer))
  const { condition, type } = readStanzaError(answer)
  return `${condition} ${type}`
}
