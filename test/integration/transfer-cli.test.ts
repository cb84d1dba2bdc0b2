import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Child, startChild } from '../../deploy/local/child.ts'
import { startCli } from '../../deploy/local/cli.ts'
import { type Folder, temporaryFolder } from '../../deploy/local/folder.ts'
import { freePort } from '../../deploy/local/port.ts'
import { startProsody } from '../../deploy/local/prosody.ts'
import { answersOk } from '../../deploy/local/readiness.ts'
import type { XmppServer } from '../../deploy/local/xmpp-server.ts'
import { atEnd } from '../support/at-end.ts'
import { operate } from '../support/operate.ts'
import { testFile } from '../support/transfer-ends.ts'

const main = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url))
const scripts = fileURLToPath(new URL('../support/slixmpp/', import.meta.url))
const password = 'grüße' // Not ASCII, as passwords are.
const rpcToken = 'a token of tests only'

let folder: Folder
let server: XmppServer
let proxy: Child
let controlRpc: number

before(async () => {
  folder = temporaryFolder('transfer')
  server = await startProsody({
    domain: 'localhost',
    accounts: ['alice', 'bob'].map((user) => ({ user, password })),
    components: [{ domain: 'proxy.localhost', secret: 'component secret' }],
  })
  await writeFile(folder.file('password'), `${password}\n`, { mode: 0o600 })
  await writeFile(folder.file('secret'), 'component secret', { mode: 0o600 })
  await writeFile(folder.file('token'), rpcToken, { mode: 0o600 })
  const [socksPort, relayHealth, controlHealth] = [await freePort(), await freePort(), await freePort()]
  controlRpc = await freePort()
  const address = `127.0.0.1:${socksPort}`
  proxy = await startChild({
    name: 'splice65 serve',
    command: process.execPath,
    args: [
      ...[main, 'serve', '--domain', 'proxy.localhost', '--server', `127.0.0.1:${server.componentPort}`],
      ...['--secret-file', folder.file('secret'), '--listen', address, '--advertise', address],
    ],
    env: {
      PATH: process.env.PATH,
      RELAY_HEALTH_HOST: '127.0.0.1',
      RELAY_HEALTH_PORT: String(relayHealth),
      RELAY_DRAIN_DELAY_MS: '0',
      CONTROL_HEALTH_HOST: '127.0.0.1',
      CONTROL_HEALTH_PORT: String(controlHealth),
      CONTROL_RPC_PORT: String(controlRpc),
      CONTROL_RPC_TOKEN_FILE: folder.file('token'),
    },
    logFile: folder.file('serve.log'),
    ready: answersOk(`http://127.0.0.1:${controlHealth}/readyz`),
  })
})

after(async () => {
  await proxy?.stop()
  await server?.stop()
  await folder?.remove()
})

const account = (user: string) => [
  '--jid',
  `${user}@localhost`,
  '--password-file',
  folder.file('password'),
  '--service',
  server.service,
]

function cli(name: string, args: readonly string[], until?: string) {
  return startCli(args, { name, logFile: folder.file(`${name}.log`), ...(until && { until }) })
}

/** Bob's receiver, online. */
async function receiver(t: TestContext, into: string, ...more: string[]) {
  const bob = await cli(
    'receive',
    ['receive', ...account('bob'), '--into', into, '--from', 'alice@localhost', ...more],
    'ready',
  )
  atEnd(t, () => bob.stop())
  return bob
}

function slixmpp(t: TestContext, script: string, args: readonly string[], until?: RegExp) {
  const started = startChild({
    name: script,
    command: '/usr/bin/python3',
    args: ['-B', join(scripts, script), ...args],
    logFile: folder.file(`${script}.log`),
    ready: async (child, signal) => {
      if (until) await child.waitForLine((line) => until.test(line), signal)
    },
  })
  atEnd(t, async () => (await started).stop())
  return started
}

describe('splice65 send and receive', () => {
  for (const [args, method, inReturn = []] of [
    [['--protocol', 'si', '--no-direct'], 's5b'],
    [['--protocol', 'si', '--address', '127.0.0.1'], 's5b'],
    [['--protocol', 'si', '--method', 'ibb'], 'ibb'],
    [['--method', 'oob', '--address', '127.0.0.1'], 'oob'],
    [['--protocol', 'si', '--no-direct', '--proxy', 'nobody.localhost'], 'ibb'],
    [['--no-direct'], 's5b', ['--no-direct']],
    [['--address', '127.0.0.1'], 's5b', ['--no-direct']],
    [['--no-direct', '--proxy', 'nobody.localhost'], 's5b', ['--no-direct']],
    [['--no-direct', '--proxy', 'nobody.localhost'], 's5b', ['--proxy', 'nobody.localhost', '--address', '127.0.0.1']],
    [['--no-direct', '--proxy', 'nobody.localhost'], 'ibb', ['--no-direct', '--proxy', 'nobody.localhost']],
    [['--method', 'ibb'], 'ibb'],
  ] as [args: string[], method: string, inReturn?: string[]][]) {
    const answered = inReturn.length > 0 ? `, answered with ${inReturn.join(' ')}` : ''
    it(`carry a file with ${args.join(' ')}${answered}`, async (t) => {
      const { path, into, content, sha256 } = await testFile(t, 700_001)
      const bob = await receiver(t, into, '--once', ...inReturn)
      const alice = await cli('send', ['send', path, '--to', 'bob@localhost', ...account('alice'), ...args])
      atEnd(t, () => alice.stop())
      const sent = await alice.waitForEvent('done')
      assert.deepEqual([sent.method, sent.sha256], [method, sha256])
      const offered = alice.events().find(({ event }) => event === 'offered')
      const protocol = args.includes('si') ? 'si' : args.includes('oob') ? 'oob' : 'jingle'
      assert.equal(offered?.protocol, protocol)
      assert.equal((await alice.exited).code, 0)
      assert.equal((await bob.exited).code, 0)
      assert.deepEqual(await readFile(join(into, 'Käse & Brot.bin')), content)
    })
  }

  it('walk all fifteen steps', async (t) => {
    const { path, into } = await testFile(t, 1000)
    await receiver(t, into)
    const alice = await cli('send', [
      'send',
      path,
      '--to',
      'bob@localhost',
      ...account('alice'),
      '--protocol',
      'si',
      '--no-direct',
      '--trace',
    ])
    atEnd(t, () => alice.stop())
    await alice.waitForEvent('done')
    const steps = alice.events().flatMap(({ event, step }) => (event === 'step' ? [Number(step)] : []))
    assert.deepEqual(
      [...new Set(steps)].sort((a, b) => a - b),
      Array.from({ length: 15 }, (_, i) => i + 1),
    )
  })

  it('pass on a URL', async (t) => {
    const { into, content } = await testFile(t, 100_000)
    const web = createServer((_, response) => response.end(content)).listen(0, '127.0.0.1')
    await once(web, 'listening')
    atEnd(t, () => web.close())
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/a%2Fb/c.bin?x=1`
    await receiver(t, into)
    const alice = await cli('url', ['send', url, '--to', 'bob@localhost', ...account('alice')])
    atEnd(t, () => alice.stop())
    assert.equal((await alice.waitForEvent('passed-on')).fetched, true)
    assert.deepEqual(await readFile(join(into, 'c.bin')), content)
  })

  for (const protocol of ['jingle', 'si']) {
    it(`stop when interrupted, and go on where they stopped, by ${protocol}`, async (t) => {
      const { path, into, content } = await testFile(t, 20_000_000)
      const bob = await receiver(t, into)
      const send = (...more: string[]) =>
        cli('again', [
          ...['send', path, '--to', 'bob@localhost', ...account('alice'), '--no-direct'],
          ...['--protocol', protocol, ...more],
        ])
      const first = await send('--method', 'ibb')
      await first.waitForEvent('progress')
      first.kill('SIGINT')
      assert.equal((await first.exited).code, 130)
      await bob.waitForEvent('failed')
      const second = await send()
      atEnd(t, () => second.stop())
      const { method, transferredBytes } = await second.waitForEvent('done')
      assert.equal(method, 's5b')
      assert.ok(Number(transferredBytes) < content.length)
      await bob.waitForEvent('done')
      assert.deepEqual(await readFile(join(into, 'Käse & Brot.bin')), content)
    })
  }

  it('end with 4 when the receiver does not want the sender, with 3 when it is not online', async (t) => {
    const { path, into } = await testFile(t, 10)
    const bob = await cli(
      'receive',
      ['receive', ...account('bob'), '--into', into, '--from', 'carol@localhost'],
      'ready',
    )
    atEnd(t, () => bob.stop())
    const declined = await cli('declined', ['send', path, '--to', 'bob@localhost', ...account('alice')])
    assert.equal((await declined.exited).code, 4)
    const nobody = await cli('nobody', ['send', path, '--to', 'bob@localhost/elsewhere', ...account('alice')])
    assert.equal((await nobody.exited).code, 3)
  })
})

describe('splice65 probe', () => {
  it('goes through the proxy that the server lists', async (t) => {
    const probe = await cli('probe', ['probe', ...account('alice')])
    atEnd(t, () => probe.stop())
    assert.equal((await probe.waitForEvent('probed')).bytes, 1024 * 1024)
    assert.equal((await probe.exited).code, 0)
  })

  it('says what to look at when the proxy is not there', async () => {
    const probe = await cli('probe-nobody', ['probe', ...account('alice'), '--proxy', 'nobody.localhost'])
    assert.equal((await probe.waitForEvent('advice')).stage, 'discovery')
    assert.equal((await probe.exited).code, 5)
  })
})

describe('splice65 ls', () => {
  it('shows the relay of `serve` to whoever has its token', async () => {
    const env = { CONTROL_RPC_PORT: String(controlRpc), CONTROL_RPC_TOKEN_FILE: folder.file('token') }
    const { code, stdout } = await operate(['ls'], env)
    assert.equal(code, 0)
    assert.match(stdout, /^\S+ +ready +0 /m)
  })
})

describe('slixmpp', () => {
  const login = (user: string, resource: string) => [
    `${user}@localhost/${resource}`,
    password,
    '127.0.0.1',
    String(server.c2sPort),
  ]

  for (const method of ['s5b', 'ibb']) {
    it(`sends to splice65 receive by ${method}`, async (t) => {
      const { path, into, content } = await testFile(t, 200_000)
      const bob = await receiver(t, into, '--once')
      const alice = await slixmpp(t, 'send.py', [...login('alice', 'slix'), 'bob@localhost/splice65', path, method])
      assert.equal((await alice.exited).code, 0)
      assert.equal((await bob.waitForEvent('done')).method, method)
      assert.deepEqual(await readFile(join(into, 'Käse & Brot.bin')), content)
    })

    it(`receives from splice65 send by ${method}`, async (t) => {
      const { path, into, content } = await testFile(t, 200_000)
      const destination = join(into, 'received')
      const bob = await slixmpp(t, 'receive.py', [...login('bob', 'slix'), destination], /"ready"/)
      const alice = await cli('send', [
        ...['send', path, '--to', 'bob@localhost/slix', ...account('alice')],
        ...['--method', method, '--no-direct'],
      ])
      atEnd(t, () => alice.stop())
      await bob.waitForLine((line) => line.includes('"done"'))
      assert.deepEqual(await readFile(destination), content)
      assert.equal((await alice.exited).code, 0)
    })
  }
})
