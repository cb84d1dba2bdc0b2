import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startProsody } from '../../deploy/local/prosody.ts'
import type { XmppServer } from '../../deploy/local/xmpp-server.ts'
import { controlOptions } from '../../services/control/config.ts'
import { type RunningControl, startControl } from '../../services/control/wire.ts'
import { openKubernetes } from '../../services/relay/public-address/kubernetes.ts'
import { readOptions } from '../../services/shared/runtime/options.ts'
import { attribute, ns, xml } from '../../services/shared/xmpp/xml.ts'
import { balancedService, type FakeKubernetes, nodeWith, startKubernetes } from '../support/kubernetes-api.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { recordingLog } from '../support/recording-log.ts'
import { startRelays, type TestRelays } from '../support/relays.ts'
import { logInRequester, type Requester } from '../support/requester.ts'
import { until } from '../support/until.ts'

const domain = 'example.test'
const proxy = `proxy.${domain}`
const accounts = [{ user: 'alice', password: 'alice' }]
const shared = `${proxy} shared.example.test 7777`
const ofService = '/api/v1/namespaces/transfer/services/relay-0'
const ofNode = '/api/v1/nodes/worker-1'

describe('A relay whose address Kubernetes knows', () => {
  let xmpp: XmppServer
  let alice: Requester
  let kubernetes: FakeKubernetes
  before(async () => {
    xmpp = await startProsody({ domain, accounts, components: [{ domain: proxy, secret: 'secret' }] })
    alice = await logInRequester({ xmpp, accounts, proxy })
    kubernetes = await startKubernetes()
  })
  after(async () => {
    await alice[Symbol.asyncDispose]()
    await xmpp.stop()
    await kubernetes[Symbol.asyncDispose]()
  })

  /** Starts relay-0, and a control that tells of it; `clock` times nothing else that matters here. */
  async function start(publicAddressFrom: 'node' | 'service', clock: ManualClock) {
    await using opened = new AsyncDisposableStack()
    const settings = { publicAddressFrom, publicService: '{pod}', nodeName: 'worker-1', ownListen: '127.0.0.1:0' }
    const relays = opened.use(await startRelays(1, settings, { clock, kubernetes: openKubernetes(kubernetes.access) }))
    const control = opened.adopt(await startPerPodControl(relays), (it) => it.stop())
    await until('control is connected', () => control.component.state === 'connected')
    const running = opened.move()
    return { relay: relays.relay(0), [Symbol.asyncDispose]: () => running.disposeAsync() }
  }

  async function startPerPodControl({ registry }: TestRelays): Promise<RunningControl> {
    const config = readOptions('control', controlOptions, {
      CONTROL_COMPONENT_DOMAIN: proxy,
      CONTROL_COMPONENT_PORT: String(xmpp.componentPort),
      CONTROL_COMPONENT_SECRET: 'secret',
      CONTROL_COMPONENT_STANDBY_MS: '50',
      CONTROL_STREAMHOSTS: 'shared.example.test:7777',
      CONTROL_STREAMHOST_MODE: 'per-pod',
      CONTROL_DIRECTORY_REFRESH_MS: '20',
      CONTROL_HEALTH_HOST: '127.0.0.1',
      CONTROL_HEALTH_PORT: '0',
      CONTROL_RPC_PORT: '0',
    })
    return startControl(config, { registry, log: recordingLog().log })
  }

  /** The streamhosts that alice is told: JID, host and port of each. */
  async function told(): Promise<string[]> {
    const answer = await alice.ask('get', xml('query', { xmlns: ns.bytestreams }))
    const streamhosts = answer.getChild('query')?.getChildElements() ?? []
    return streamhosts.map((it) => ['jid', 'host', 'port'].map((name) => attribute(it, name)).join(' '))
  }

  const tells = (expected: string[]) =>
    until(`control tells ${expected}`, async () => JSON.stringify(await told()) === JSON.stringify(expected))

  it('is told of as soon as its load balancer has an address, and no longer than that', async () => {
    const clock = new ManualClock()
    kubernetes.answers.set(ofService, balancedService())
    await using fleet = await start('service', clock)
    const { relay } = fleet
    assert.equal((await fetch(`http://127.0.0.1:${relay.ports.health}/readyz`)).status, 200)
    await until('it has looked', () => relay.lines.some(({ msg }) => /is not known/.test(String(msg))))
    await tells([shared])
    assert.equal(await relay.sample('splice65_public_address_missing'), 1)

    kubernetes.answers.set(ofService, balancedService({ ip: '2001:DB8::7' }, 1080))
    clock.advance(500)
    await tells([`${proxy}/relay-0 2001:db8::7 1080`, shared])
    assert.equal(await relay.sample('splice65_public_address_missing'), 0)

    kubernetes.answers.set(ofService, balancedService({ hostname: 'lb.example.test' }))
    clock.advance(60_000)
    await tells([`${proxy}/relay-0 lb.example.test 7777`, shared])

    kubernetes.answers.delete(ofService)
    clock.advance(60_000)
    await tells([shared])
  })

  it('keeps its address while the API server is away, and says so once', async () => {
    const clock = new ManualClock()
    kubernetes.answers.set(ofNode, nodeWith({ InternalIP: '10.0.0.1', ExternalIP: '192.0.2.1' }))
    await using fleet = await start('node', clock)
    const { relay } = fleet
    const own = `${proxy}/relay-0 192.0.2.1 ${relay.ports.socks['relay-0']}`
    await tells([own, shared])

    const complaints = () => relay.lines.filter(({ level }) => level === 'warn').length
    await kubernetes.pause()
    clock.advance(60_000)
    await until('it complains', () => complaints() === 1)
    await kubernetes.resume()
    kubernetes.answers.set(ofNode, nodeWith({ ExternalIP: '192.0.2.9' }))
    assert.deepEqual(await told(), [own, shared])
    clock.advance(500)
    await tells([own.replace('192.0.2.1', '192.0.2.9'), shared])
    assert.equal(complaints(), 1)
  })
})
