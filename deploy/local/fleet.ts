import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { type Address, type Balancer, startBalancer } from './balancer.ts'
import { startEjabberd } from './ejabberd.ts'
import { temporaryFolder } from './folder.ts'
import { freePort } from './port.ts'
import { startProsody } from './prosody.ts'
import { type RedisServer, startRedis } from './redis.ts'
import { type ServiceOptions, type ServiceProcess, type ServiceSettings, serviceEnv, startService } from './service.ts'
import type { Account, XmppServer } from './xmpp-server.ts'

export interface FleetOptions {
  readonly relays: number
  /** Default: `prosody`. */
  readonly server?: 'prosody' | 'ejabberd'
  /** Default: `example.test`; the proxy is `proxy.` below it. */
  readonly domain?: string
  /** Default: alice and bob, whose passwords are `alice` and `bob`. */
  readonly accounts?: readonly Account[]
  /** Names of the shared streamhosts, each a balanced address of its own. Default: the main one alone, whose name is empty. */
  readonly streamhosts?: readonly string[]
  /** `per-pod` advertises the relays' own addresses before the shared ones. Default: `shared`. */
  readonly streamhostMode?: 'shared' | 'per-pod'
  /** Settings of every control, over what the fleet itself sets. */
  readonly control?: ServiceSettings
  /** Settings of every relay, over what the fleet itself sets. */
  readonly relay?: ServiceSettings
  /** Settings of every courier, over what the fleet itself sets. Left out: the XMPP server knows of none. */
  readonly courier?: ServiceSettings
  /** A command that runs each service in its own place. */
  readonly under?: readonly string[]
  /** Puts something between the services and a server, given its address; they are told the address that comes back. */
  readonly inFrontOf?: (server: 'redis' | 'xmpp', address: Address) => Promise<Address>
}

/** A relay in a process of its own, and where its clients reach it past the balancers. */
export interface RelayProcess extends ServiceProcess {
  /** SOCKS5 addresses by the name of their streamhost; the relay's own one is under the relay's name. */
  readonly socks: Readonly<Record<string, Address>>
}

/** A control in a process of its own. */
export interface ControlProcess extends ServiceProcess {
  /** host:port of its gRPC, for operators. */
  readonly rpcAddress: string
}

/** A courier in a process of its own. */
export interface CourierProcess extends ServiceProcess {
  /** Where files are uploaded and fetched. */
  readonly publicUrl: string
}

/** The whole system on this machine, each part a process of its own. Whoever starts it stops it. */
export interface Fleet extends AsyncDisposable {
  readonly xmpp: XmppServer
  readonly redis: RedisServer
  /** The control that was started last. */
  readonly control: ControlProcess
  /** Every relay that was started, in order: `relay-0`, `relay-1`, … */
  readonly relays: readonly RelayProcess[]
  /** What clients dial, by the name of the streamhost; each goes round the relays. */
  readonly balancers: Readonly<Record<string, Balancer>>
  /** The file with the token that control, relays and operators share. */
  readonly tokenFile: string
  /** JID of the proxy. */
  readonly proxy: string
  /** JID of the courier, where there may be one. */
  readonly courier: string
  readonly accounts: readonly Account[]
  /**
   * Starts a courier, or one in place of a courier that has stopped: all have the same data folder and the same address
   * for HTTP unless their settings say otherwise. Resolves when it is ready.
   */
  startCourier(settings?: ServiceSettings, options?: Pick<ServiceOptions, 'under' | 'until'>): Promise<CourierProcess>
  /** Starts one more control, or one in place of a control that has stopped. Resolves when it is ready. */
  startControl(settings?: ServiceSettings, options?: Pick<ServiceOptions, 'under'>): Promise<ControlProcess>
  /** Starts one more relay and puts it behind the balancers. Resolves when it is ready. */
  startRelay(settings?: ServiceSettings, options?: Pick<ServiceOptions, 'under'>): Promise<RelayProcess>
  /** Stops everything, newest first. */
  stop(): Promise<void>
}

const loopback = '127.0.0.1'
const servers = { prosody: startProsody, ejabberd: startEjabberd }

/** Starts an XMPP server, a Redis, relays and a control, all on free ports, and resolves when all are ready. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { domain = 'example.test', accounts = [account('alice'), account('bob')], streamhosts = [''] } = options
  const proxy = `proxy.${domain}`
  const componentSecret = randomBytes(16).toString('hex')

  // What is opened here closes in reverse order: when the fleet stops, or at once when a part cannot start.
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(temporaryFolder('fleet'))
  const secretFile = folder.file('component-secret')
  const tokenFile = folder.file('rpc-token')
  await writeFile(secretFile, componentSecret, { mode: 0o600 })
  await writeFile(tokenFile, randomBytes(32).toString('hex'), { mode: 0o600 })

  const courier = `courier.${domain}`
  const components = [proxy, ...(options.courier ? [courier] : [])].map((name) => ({
    domain: name,
    secret: componentSecret,
  }))
  const xmpp = opened.use(await servers[options.server ?? 'prosody']({ domain, accounts, components }))
  const redis = opened.use(await startRedis())
  const { inFrontOf = async (_server, address) => address, under = [] } = options
  const redisAddress = await inFrontOf('redis', { host: loopback, port: redis.port })
  const xmppAddress = await inFrontOf('xmpp', { host: loopback, port: xmpp.componentPort })
  const balancers: Record<string, Balancer> = {}
  for (const name of streamhosts) balancers[name] = opened.use(await startBalancer())

  const relays: RelayProcess[] = []
  const controls: ControlProcess[] = []
  const services = opened.use(new AsyncDisposableStack())

  async function startRelay(
    settings: ServiceSettings = {},
    terms: Pick<ServiceOptions, 'under'> = {},
  ): Promise<RelayProcess> {
    const name = `relay-${relays.length}`
    const socks: Record<string, Address> = {}
    for (const streamhost of [...streamhosts, name]) socks[streamhost] = { host: loopback, port: await freePort() }
    const env = serviceEnv('relay', {
      ...(await common(name)),
      listen: streamhosts.map((streamhost) => listener(streamhost, socks[streamhost])).join(','),
      ownListen: listener('', socks[name]),
      publicHost: loopback,
      advertiseHost: loopback,
      rpcHost: loopback,
      rpcPort: await freePort(),
      trunkHost: loopback,
      trunkPort: await freePort(),
      drainDelayMs: 0,
      ...options.relay,
      ...settings,
    })
    const started = await startService('relay', env, { name, until: 'readyz', under, ...terms })
    const relay = services.use(Object.assign(started, { socks }))
    for (const [streamhost, balancer] of Object.entries(balancers)) {
      const backend = socks[streamhost]
      if (backend) balancer.add(backend)
    }
    relays.push(relay)
    return relay
  }

  async function startControl(
    settings: ServiceSettings = {},
    terms: Pick<ServiceOptions, 'under'> = {},
  ): Promise<ControlProcess> {
    const name = `control-${controls.length}`
    const rpcPort = await freePort()
    const env = serviceEnv('control', {
      ...(await common(name)),
      rpcPort,
      componentDomain: proxy,
      componentHost: xmppAddress.host,
      componentPort: xmppAddress.port,
      componentSecretFile: secretFile,
      streamhosts: streamhosts.map((streamhost) => listener(streamhost, balancers[streamhost]?.address)).join(','),
      streamhostMode: options.streamhostMode,
      // Its bytestreams would stand beside those that are counted here.
      selfTest: false,
      ...options.control,
      ...settings,
    })
    const started = await startService('control', env, { name, until: 'readyz', under, ...terms })
    const control = services.use(Object.assign(started, { rpcAddress: `${loopback}:${rpcPort}` }))
    controls.push(control)
    return control
  }

  const uploadSecretFile = folder.file('upload-secret')
  await writeFile(uploadSecretFile, randomBytes(32).toString('hex'), { mode: 0o600 })
  const httpPort = await freePort()
  let couriers = 0

  async function startCourier(
    settings: ServiceSettings = {},
    terms: Pick<ServiceOptions, 'under' | 'until'> = {},
  ): Promise<CourierProcess> {
    if (!options.courier) throw new Error('Cannot start a courier: the XMPP server was not told of one')
    const name = `courier-${couriers++}`
    const chosen = {
      pod: name,
      logLevel: 'debug',
      healthHost: loopback,
      healthPort: await freePort(),
      componentDomain: courier,
      componentHost: xmppAddress.host,
      componentPort: xmppAddress.port,
      componentSecretFile: secretFile,
      proxies: proxy,
      dataFolder: folder.file('courier'),
      httpHost: loopback,
      httpPort,
      publicUrl: `http://${loopback}:${httpPort}`,
      uploadSecretFile,
      drainDelayMs: 0,
      ...options.courier,
      ...settings,
    }
    const started = await startService('courier', serviceEnv('courier', chosen), {
      name,
      until: 'readyz',
      // The embedded database takes seconds of a processor to be made, and others may want the same one.
      readyTimeoutMs: 120_000,
      under,
      ...terms,
    })
    return services.use(Object.assign(started, { publicUrl: String(chosen.publicUrl) }))
  }

  async function common(pod: string): Promise<ServiceSettings> {
    return {
      pod,
      logLevel: 'debug',
      healthHost: loopback,
      healthPort: await freePort(),
      registryUrl: `redis://${redisAddress.host}:${redisAddress.port}`,
      rpcTokenFile: tokenFile,
    }
  }

  for (let i = 0; i < options.relays; i++) await startRelay()
  // Control reads the list of relays when it starts.
  await startControl()

  const running = opened.move()
  const stop = () => running.disposeAsync()
  return {
    xmpp,
    redis,
    get control() {
      const control = controls.at(-1)
      if (!control) throw new Error('Cannot name the control: none was started')
      return control
    },
    relays,
    balancers,
    tokenFile,
    proxy,
    courier,
    accounts,
    startControl,
    startCourier,
    startRelay,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function account(user: string): Account {
  return { user, password: user }
}

/** An address in the form of the services' options: `[name=]host:port`. */
function listener(streamhost: string, address: Address | undefined): string {
  if (!address) throw new Error(`Cannot write the address of streamhost "${streamhost}": it has none`)
  const { host, port } = address
  return `${streamhost && `${streamhost}=`}${host}:${port}`
}
