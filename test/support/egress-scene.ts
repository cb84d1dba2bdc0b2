/**
 * Two relays and a control in a network namespace where everything they dial is written down, and every hostile thing we know
 * said to them. Run it in a namespace of its own: `unshare --net node test/support/egress-scene.ts`. Prints an
 * `EgressReport` as JSON; `test/integration/egress.test.ts` says what it must hold.
 */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { Redis } from 'ioredis'
import { freePort } from '../../deploy/local/port.ts'
import { startProsody } from '../../deploy/local/prosody.ts'
import { startRedis } from '../../deploy/local/redis.ts'
import { type ServiceSettings, serviceEnv, startService } from '../../deploy/local/service.ts'
import { digestAsTyped } from '../../services/shared/bytestream/digest.ts'
import { connectRegistry } from '../../services/shared/registry/redis.ts'
import { sealRelay } from '../../services/shared/registry/relay-seal.ts'
import { ns, xml } from '../../services/shared/xmpp/xml.ts'
import { hostileConnects } from './hostile-connects.ts'
import { openNamespace } from './namespace.ts'
import { logInRequester, type Requester, verdict } from './requester.ts'
import { connectRequest, greeting, readUpTo } from './socks-client.ts'

/** What was seen. */
export interface EgressReport {
  /** The only places that the services have business with, as they were told. */
  readonly allowed: readonly string[]
  /** By the end of all that is hostile, an honest bytestream across both relays included. */
  readonly dialled: readonly string[]
  /** Where they listen: `tcp 7777`, in order of text. */
  readonly listening: readonly string[]
  /** The ports they were given. */
  readonly documented: readonly string[]
  /** After three dials of our own, in the same namespace: what tells that a dial is seen. */
  readonly seen: readonly string[]
  /** The reply code to each hostile CONNECT; null: closed without one. */
  readonly reps: Readonly<Record<string, number | null>>
  /** What each hostile request to control was answered with. */
  readonly verdicts: Readonly<Record<string, string>>
  /** Requests whose answer tells clients to dial what a poisoned record names. */
  readonly misled: readonly string[]
  /** What the other end of the honest bytestream got. */
  readonly carried: string
}

const domain = 'example.test'
const proxy = `proxy.${domain}`
const accounts = [{ user: 'alice', password: 'alice' }]
const rpcToken = 'a token of tests only'
const nowhere = '198.51.100.7'

await using opened = new AsyncDisposableStack()
const space = opened.use(await openNamespace())
const redis = opened.use(await startRedis({ args: ['--bind', '127.0.0.1', space.gateway, '--protected-mode', 'no'] }))
const secret = 'component secret of tests'
const prosody = opened.use(await startProsody({ domain, accounts, components: [{ domain: proxy, secret }] }))
const componentPort = await freePort({ host: space.gateway })
await forward({ host: space.gateway, port: componentPort }, { host: '127.0.0.1', port: prosody.componentPort })

const registryUrl = `redis://${space.gateway}:${redis.port}`
const allowed = [`${space.gateway}:${redis.port}`, `${space.gateway}:${componentPort}`]
const documented: number[] = []
const relays: { readonly socksPort: number; readonly proxyPort: number }[] = []
for (const pod of ['relay-0', 'relay-1']) {
  const [socksPort, proxyPort, rpcPort, trunkPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  await start('relay', pod, {
    listen: `[::]:${socksPort}`,
    proxyListen: `0.0.0.0:${proxyPort}`,
    proxyTrusted: space.gateway,
    advertiseHost: space.host,
    rpcPort,
    trunkPort,
    drainDelayMs: 0,
    drainTimeoutMs: 1,
  })
  allowed.push(`${space.host}:${rpcPort}`, `${space.host}:${trunkPort}`)
  documented.push(socksPort, proxyPort, rpcPort, trunkPort)
  relays.push({ socksPort, proxyPort })
}
await poisonDirectory()
const controlPort = await freePort()
documented.push(controlPort)
const control = await start('control', 'control-0', {
  rpcPort: controlPort,
  componentDomain: proxy,
  componentHost: space.gateway,
  componentPort,
  componentSecret: secret,
  streamhosts: `${space.host}:${relays[0]?.socksPort}`,
  streamhostMode: 'per-pod',
  // It alone dials, and only the streamhosts.
  selfTest: false,
})
await control.waitForLine(({ msg }) => msg === 'connected to the XMPP server')

const alice = opened.use(await logInRequester({ xmpp: prosody, accounts, proxy }))
const reps = await hostileHandshakes()
await hostileHeaders()
const answers = await hostileRequests(alice)
const carried = await honestBytestream(alice)
const dialled = space.dialled()
space.run(
  process.execPath,
  '--eval',
  `const ignore = () => {}
   require('net').connect(80, '${nowhere}').on('error', ignore)
   require('net').connect(80, '2001:db8::7').on('error', ignore)
   require('dgram').createSocket('udp4').send('?', 53, '${nowhere}', () => process.exit(0))`,
)
const report: EgressReport = {
  allowed: allowed.map((address) => `tcp4 ${address}`).sort(),
  dialled,
  listening: listening(),
  documented: documented.map((port) => `tcp ${port}`).sort(),
  seen: space.dialled().filter((each) => !dialled.includes(each)),
  reps,
  verdicts: Object.fromEntries(answers.map(([fact, answer]) => [fact, verdict(answer)])),
  misled: answers.filter(([, answer]) => String(answer).includes(`host="${nowhere}"`)).map(([fact]) => fact),
  carried,
}
process.stdout.write(`${JSON.stringify(report)}\n`)

function listening(): string[] {
  const sockets = space.run('ss', '--tcp', '--udp', '--listening', '--numeric', '--no-header').trim().split('\n')
  return sockets.map((line) => line.replace(/^(\S+)\s+\S+\s+\S+\s+\S+\s+\S+:(\d+)\s.*$/, '$1 $2')).sort()
}

/** A service in the namespace, whose health can be asked from ours. */
async function start(service: 'relay' | 'control', pod: string, settings: ServiceSettings) {
  const healthPort = await freePort()
  documented.push(healthPort)
  await forward({ host: '127.0.0.1', port: healthPort }, { host: space.host, port: healthPort })
  const env = serviceEnv(service, { pod, registryUrl, rpcToken, rpcHost: '0.0.0.0', healthPort, ...settings })
  return opened.use(await startService(service, env, { name: pod, until: 'readyz', under: space.enter }))
}

/** Carries connections from one address of ours to another. */
async function forward(from: { host: string; port: number }, to: { host: string; port: number }): Promise<void> {
  const server = createServer((socket) => {
    const onward = connect(to)
    for (const each of [socket, onward]) each.on('error', () => each.destroy())
    socket.on('close', () => onward.destroy())
    onward.on('close', () => socket.destroy())
    socket.pipe(onward).pipe(socket)
    opened.defer(() => void socket.destroy())
  }).listen(from)
  await once(server, 'listening')
  opened.defer(() => void server.close())
}

/** Records of relays that are none, and halves said to wait on them. */
async function poisonDirectory(): Promise<void> {
  const raw = new Redis(redis.url)
  const registry = await connectRegistry(redis.url)
  const record = (name: string, rpcAddress: string) => ({
    name,
    rpcAddress,
    streamhost: { host: nowhere, port: 7777 },
    load: 0,
    draining: false,
    version: '1',
  })
  const poison = [
    record('unsealed', `${nowhere}:6500`),
    record('metadata', '169.254.169.254:80'),
    record('relay-0', `${nowhere}:6500`),
    record('a-name', 'poison.example.net:6500'),
    record('a-socket', 'unix:/var/run/docker.sock'),
    sealRelay(record('of-strangers', `${nowhere}:6501`), 'a token of strangers', Date.now()),
  ]
  for (const each of poison) {
    await raw.hset('splice65:{relays}', each.name.concat('!'), `${Date.now() + 600_000} ${JSON.stringify(each)}`)
  }
  for (const [index, relay] of [
    'of-strangers',
    `${nowhere}:6500`,
    '169.254.169.254',
    'http://poison.example.net/',
  ].entries()) {
    const room = {
      digest: digestAsTyped(`poisoned-${index}`, `alice@${domain}/phone`, 'bob@example.test/desk'),
      streamhost: '',
    }
    await registry.claim(room, { id: 'h1', relay, replaceable: false })
    await registry.claim(room, { id: 'h2', relay, replaceable: false })
  }
  await registry.close()
  raw.disconnect()
}

async function dial(port: number, host = space.host) {
  const socket = connect({ port, host })
  await once(socket, 'connect')
  socket.on('error', () => {})
  opened.defer(() => void socket.destroy())
  return socket
}

/** Says each hostile CONNECT to each relay, by IPv4 and IPv6. */
async function hostileHandshakes() {
  const answers: Record<string, number | null> = {}
  for (const { fact, bytes, greets } of hostileConnects) {
    for (const { socksPort } of relays) {
      for (const host of [space.host, space.hostV6]) {
        const socket = await dial(socksPort, host)
        socket.write(greets ? Buffer.concat([greeting, bytes]) : bytes)
        const answer = await readUpTo(socket, 2 + 255 + 7)
        answers[fact] = (greets ? answer[3] : answer[1]) ?? null
        socket.destroy()
      }
    }
  }
  return answers
}

/** PROXY headers that name addresses, each before an honest handshake; nobody activates what then waits. */
async function hostileHeaders(): Promise<void> {
  const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
  const v2 = (command: number, family: number, addresses: Buffer) =>
    Buffer.concat([signature, Buffer.from([0x20 | command, family, 0, addresses.length]), addresses])
  const pair = Buffer.from([198, 51, 100, 7, 169, 254, 169, 254, 0, 80, 0, 80])
  const pairV6 = Buffer.from(`20010db8${'0'.repeat(23)}7${'0'.repeat(31)}100500050`, 'hex')
  const headers = [
    ...['198.51.100.7 198.51.100.8', '127.0.0.1 169.254.169.254', '0.0.0.0 255.255.255.255'].map((addresses) =>
      Buffer.from(`PROXY TCP4 ${addresses} 80 80\r\n`),
    ),
    Buffer.from('PROXY TCP6 2001:db8::7 ::1 80 80\r\n'),
    Buffer.from('PROXY UNKNOWN 198.51.100.7 198.51.100.8 80 80\r\n'),
    Buffer.from('PROXY TCP4 poison.example.net localhost 80 80\r\n'),
    v2(1, 0x11, pair),
    v2(1, 0x12, pair),
    v2(1, 0x21, pairV6),
    v2(1, 0x31, Buffer.alloc(216, '/var/run/docker.sock')),
    v2(0, 0x00, Buffer.alloc(0)),
  ]
  for (const [index, header] of headers.entries()) {
    for (const { proxyPort } of relays) {
      const socket = await dial(proxyPort)
      const digest = digestAsTyped(`header-${index}`, 'a@b/c', 'd@e/f')
      socket.write(Buffer.concat([header, greeting, connectRequest(digest)]))
      await readUpTo(socket, 49)
      socket.destroy()
    }
  }
}

/** Requests to control that name places. */
async function hostileRequests(requester: Requester) {
  const places = [
    nowhere,
    `${nowhere}:80`,
    '169.254.169.254',
    '[::1]',
    'poison.example.net',
    'user@poison.example.net/x',
  ]
  const streamhost = (place: string) => xml('streamhost', { jid: place, host: place, port: '80' })
  const query = (attributes: Record<string, string>, ...children: ReturnType<typeof xml>[]) =>
    xml('query', { xmlns: ns.bytestreams, sid: 's', ...attributes }, ...children)
  const asked: [fact: string, answer: () => ReturnType<Requester['ask']>][] = places.flatMap((place) => [
    [`an activation for ${place}`, () => requester.activate({ sid: 's', target: place })],
    [
      `an activation for somebody at the resource ${place}`,
      () => requester.activate({ sid: 's', target: 'bob@example.test/desk' }, `${proxy}/${place}`),
    ],
    [`an offer of the streamhost ${place}`, () => requester.ask('set', query({}, streamhost(place)))],
    [`${place} as the streamhost used`, () => requester.ask('set', query({}, xml('streamhost-used', { jid: place })))],
    [`a question for streamhosts with ${place}`, () => requester.ask('get', query({}, streamhost(place)))],
    [
      `an activation with the streamhost ${place} beside it`,
      () => requester.ask('set', query({}, streamhost(place), xml('activate', {}, place))),
    ],
    [
      `a file at http://${place}/`,
      () => requester.ask('set', xml('query', { xmlns: 'jabber:iq:oob' }, xml('url', {}, `http://${place}/`))),
    ],
  ])
  for (const index of [0, 1, 2, 3]) {
    asked.push([
      `an activation of halves on a poisoned relay, ${index}`,
      () => requester.activate({ sid: `poisoned-${index}`, target: 'bob@example.test/desk' }),
    ])
  }
  const answers = await Promise.all(
    asked.map(async ([fact, ask]) => {
      return [fact, await ask()] as const
    }),
  )
  return answers
}

/** A bytestream across both relays: its bytes cross the trunk. */
async function honestBytestream(requester: Requester): Promise<string> {
  const target = 'bob@example.test/desk'
  const digest = digestAsTyped('honest', requester.jid, target)
  const sockets = []
  for (const { socksPort } of relays) {
    const socket = await dial(socksPort)
    socket.write(Buffer.concat([greeting, connectRequest(digest)]))
    await readUpTo(socket, 49)
    sockets.push(socket)
  }
  const [mine, theirs] = sockets
  const answer = verdict(await requester.activate({ sid: 'honest', target }))
  if (answer !== 'result' || !mine || !theirs) throw new Error(`The honest bytestream was not activated: ${answer}`)
  mine.write('honest bytes')
  return String(await readUpTo(theirs, 12))
}
