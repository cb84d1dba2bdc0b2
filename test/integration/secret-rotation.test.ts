import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { startProsody } from '../../deploy/local/prosody.ts'
import { startRedis } from '../../deploy/local/redis.ts'
import { controlOptions } from '../../services/control/config.ts'
import { startControl } from '../../services/control/wire.ts'
import { relayOptions } from '../../services/relay/config.ts'
import { startRelay } from '../../services/relay/wire.ts'
import { digestAsTyped } from '../../services/shared/bytestream/digest.ts'
import { openRpcClient } from '../../services/shared/rpc/client.ts'
import { controlService } from '../../services/shared/rpc/protocol.ts'
import { readOptions } from '../../services/shared/runtime/options.ts'
import { recordingLog } from '../support/recording-log.ts'
import { logInRequester, verdict } from '../support/requester.ts'
import { dialHalf, readToEnd, readUpTo } from '../support/socks-client.ts'
import { until } from '../support/until.ts'

const domain = 'example.test'
const proxy = `proxy.${domain}`
const accounts = [{ user: 'alice', password: 'alice' }]
const target = `bob@${domain}/desk`

/** Control and a relay whose secrets are files, with a Redis and a Prosody that knows the first component secret. */
async function setUp(opened: AsyncDisposableStack) {
  const folder = opened.use(temporaryFolder('rotation'))
  const write = async (name: string, text: string) => {
    await writeFile(folder.file('new'), text)
    await rename(folder.file('new'), folder.file(name))
  }
  const component = (secret: string) =>
    write('component.cfg.lua', `Component "${proxy}"\n  component_secret = "${secret}"\n`)
  await component('first-canary')
  await write('component-secret', 'first-canary')
  for (const file of ['control-token', 'relay-token']) await write(file, 'first-token-canary')
  const pasted = `Include "${folder.file('component.cfg.lua')}"`
  const xmpp = opened.use(await startProsody({ domain, accounts, components: [], pasted }))
  const redis = opened.use(await startRedis())
  const { log, lines, everything } = recordingLog()
  const relay = opened.adopt(
    await startRelay(
      readOptions('relay', relayOptions, {
        RELAY_POD: 'relay-0',
        RELAY_REGISTRY_URL: redis.url,
        RELAY_LISTEN: '127.0.0.1:0',
        RELAY_ADVERTISE_HOST: '127.0.0.1',
        RELAY_RPC_PORT: '0',
        RELAY_RPC_TOKEN_FILE: folder.file('relay-token'),
        RELAY_TRUNK_PORT: '0',
        RELAY_HEALTH_PORT: '0',
        RELAY_HEARTBEAT_MS: '100',
      }),
      { log },
    ),
    (it) => it.stop(),
  )
  const control = opened.adopt(
    await startControl(
      readOptions('control', controlOptions, {
        CONTROL_COMPONENT_DOMAIN: proxy,
        CONTROL_COMPONENT_HOST: '127.0.0.1',
        CONTROL_COMPONENT_PORT: String(xmpp.componentPort),
        CONTROL_COMPONENT_SECRET_FILE: folder.file('component-secret'),
        CONTROL_COMPONENT_RETRY_MS: '20',
        // Only a new secret ends this wait.
        CONTROL_COMPONENT_MISCONFIGURED_RETRY_MS: '600000',
        CONTROL_STREAMHOSTS: 'relay.example.test:7777',
        CONTROL_SELF_TEST: 'false',
        CONTROL_DIRECTORY_REFRESH_MS: '50',
        CONTROL_REGISTRY_URL: redis.url,
        CONTROL_RPC_TOKEN_FILE: folder.file('control-token'),
        CONTROL_RPC_PORT: '0',
        CONTROL_HEALTH_PORT: '0',
      }),
      { log },
    ),
    (it) => it.stop(),
  )
  await until('the component is connected', () => control.component.state === 'connected')
  const renewals = () => lines.filter((line) => line === 'info secret renewed').length
  /** Puts a secret into a file and waits until whoever reads it has it. */
  const renew = async (file: string, text: string) => {
    const before = renewals()
    await write(file, text)
    await until(`${file} is taken up`, () => renewals() > before)
  }
  return { xmpp, control, relay, component, renew, everything }
}

describe('A new component secret', () => {
  it('is taken from its file, and the bytestreams that run go on', async () => {
    await using opened = new AsyncDisposableStack()
    const { xmpp, control, relay, component, renew, everything } = await setUp(opened)
    const port = relay.ports.socks[''] ?? 0
    /** A bytestream that alice has activated. */
    const activated = async (sid: string) => {
      await using alice = await logInRequester({ xmpp, accounts, proxy })
      const digest = digestAsTyped(sid, alice.jid, target)
      const [mine, theirs] = [await dialHalf(port, digest), await dialHalf(port, digest)]
      assert.equal(verdict(await alice.activate({ sid, target })), 'result')
      return [mine.socket, theirs.socket] as const
    }
    const [mine, theirs] = await activated('before')
    const payload = randomBytes(300_000)
    mine.write(payload.subarray(0, 100_000))
    assert.ok((await readUpTo(theirs, 100_000)).equals(payload.subarray(0, 100_000)))

    await component('second-canary')
    await xmpp.restart()
    await until('the old secret is refused', () => everything().includes('CONTROL_COMPONENT_SECRET'))
    assert.notEqual(control.component.state, 'connected')
    mine.write(payload.subarray(100_000, 200_000))
    assert.ok((await readUpTo(theirs, 100_000)).equals(payload.subarray(100_000, 200_000)))

    await renew('component-secret', 'second-canary')
    await until('the component is back', () => control.component.state === 'connected')
    for (const socket of await activated('after')) socket.destroy()
    mine.end(payload.subarray(200_000))
    assert.ok((await readToEnd(theirs)).equals(payload.subarray(200_000)))
    theirs.destroy()
    assert.doesNotMatch(everything(), /canary/)
  })

  it('that comes before the server knows it leaves the connection as it is', async () => {
    await using opened = new AsyncDisposableStack()
    const { xmpp, control, component, renew, everything } = await setUp(opened)
    await renew('component-secret', 'second-canary')
    assert.equal(control.component.state, 'connected')
    await component('second-canary')
    await xmpp.restart()
    await using alice = await logInRequester({ xmpp, accounts, proxy })
    await until('the component is back', () => control.component.state === 'connected')
    assert.equal(verdict(await alice.activate({ sid: 'none', target })), 'item-not-found cancel')
    assert.doesNotMatch(everything(), /canary|CONTROL_COMPONENT_SECRET\)/)
  })
})

describe('A new RPC token', () => {
  it('takes the place of the old one while every call is answered', async () => {
    await using opened = new AsyncDisposableStack()
    const { control, renew, everything } = await setUp(opened)
    const operator = async (rpcToken: string) => {
      const client = openRpcClient(controlService, `127.0.0.1:${control.rpcPort}`, { rpcToken })
      try {
        return await client.calls.listRelays({}, { timeoutMs: 5_000 })
      } finally {
        client.close()
      }
    }
    /** Whether control believes in its relay and the relay answers it. */
    const served = async (token: string) => (await operator(token)).relays.map(({ fault }) => fault)
    await until('control knows its relay', async () => (await served('first-token-canary')).length === 1)
    const [first, second] = ['first-token-canary', 'second-token-canary']
    for (const [control, relay] of [
      [`${first}\n${second}`, `${first}\n${second}`],
      [`${second}\n${first}`, `${second}\n${first}`],
      [second, second],
    ] as const) {
      await renew('control-token', control)
      assert.deepEqual(await served(second), [''])
      await renew('relay-token', relay)
      assert.deepEqual(await served(second), [''])
    }
    await assert.rejects(operator(first), { code: 'forbidden' })
    assert.doesNotMatch(everything(), /canary/)
  })
})
