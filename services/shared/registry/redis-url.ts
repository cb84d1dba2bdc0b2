import { Failure } from '../bytestream/failure.ts'

export interface RedisNode {
  readonly host: string
  readonly port: number
}

/** What a Redis URL says. */
export interface RedisAddress {
  /** One server, the master that Sentinels name, or a Cluster. */
  readonly topology: 'single' | 'sentinel' | 'cluster'
  /** The server, the Sentinels, or some nodes of the Cluster. Never empty. */
  readonly nodes: readonly RedisNode[]
  /** What the Sentinels call the master. */
  readonly masterName?: string
  readonly username?: string
  readonly password?: string
  readonly sentinelUsername?: string
  readonly sentinelPassword?: string
  /** Always 0 in a Cluster. */
  readonly database: number
  /** Whether connections are TLS, those to Sentinels too. */
  readonly tls: boolean
  /** File of the certificate authority that signed the servers' certificates; the system's authorities when absent. */
  readonly caFile?: string
}

const shape = /^(redis|rediss)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/
const nodeShape = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/

const forms =
  'redis://host:port/database, redis+sentinel://host:port,host:port/master-name or redis+cluster://host:port,host:port, with rediss for TLS'

const parameters = {
  single: ['ca'],
  sentinel: ['ca', 'db', 'sentinelUsername', 'sentinelPassword'],
  cluster: ['ca'],
}

/**
 * Reads the URL of a Redis, after `[user:password@]` in one of three forms, each with `rediss` in place of `redis` for TLS:
 * - `redis://host:port/database`
 * - `redis+sentinel://host:port,host:port/master-name?db=0&sentinelUsername=…&sentinelPassword=…`
 * - `redis+cluster://host:port,host:port`
 *
 * `?ca=/path` names the certificate authority's file. Throws `malformed`; what it says never quotes the URL, which may hold a password.
 */
export function parseRedisUrl(url: string): RedisAddress {
  const match = shape.exec(url)
  if (!match) throw malformed(`expected ${forms}; reserved characters in a user or password must be percent-encoded`)
  const [, scheme, variant, credentials, hosts = '', path = '', query = ''] = match
  const topology = variant === 'sentinel' || variant === 'cluster' ? variant : 'single'
  const options = parseQuery(query, topology)
  const nodes = hosts.split(',').map((host) => parseNode(host, topology === 'sentinel' ? 26379 : 6379))
  if (topology === 'single' && nodes.length > 1) throw malformed('several hosts need redis+sentinel or redis+cluster')
  return {
    topology,
    nodes,
    ...parsePath(path, options.db, topology),
    ...parseCredentials(credentials),
    ...(options.sentinelUsername && { sentinelUsername: options.sentinelUsername }),
    ...(options.sentinelPassword && { sentinelPassword: options.sentinelPassword }),
    tls: scheme === 'rediss',
    ...(options.ca && { caFile: options.ca }),
  }
}

function parseNode(text: string, defaultPort: number): RedisNode {
  const [, ipv6, name, digits] = nodeShape.exec(text) ?? []
  const host = ipv6 ?? name
  const port = digits === undefined ? defaultPort : Number(digits)
  if (host === undefined || port < 1 || port > 65_535)
    throw malformed('every host must be name:port, separated by commas')
  return { host, port }
}

function parsePath(path: string, db: string | undefined, topology: RedisAddress['topology']) {
  if (topology === 'sentinel') {
    if (path === '') throw malformed('the path must name the master that the Sentinels watch')
    return { masterName: decode(path), database: parseDatabase(db ?? '') }
  }
  if (topology === 'cluster' && path !== '') throw malformed('a Cluster has no databases to choose from')
  return { database: parseDatabase(path) }
}

function parseDatabase(text: string): number {
  if (!/^\d{0,5}$/.test(text)) throw malformed('the database must be a number')
  return Number(text)
}

function parseCredentials(text: string | undefined): { username?: string; password?: string } {
  if (text === undefined) return {}
  const colon = text.indexOf(':')
  if (colon < 0) throw malformed('credentials must be user:password, or :password')
  const username = decode(text.slice(0, colon))
  return { ...(username && { username }), password: decode(text.slice(colon + 1)) }
}

function parseQuery(query: string, topology: RedisAddress['topology']): Record<string, string | undefined> {
  const options = Object.fromEntries(new URLSearchParams(query))
  const unknown = Object.keys(options).find((name) => !parameters[topology].includes(name))
  if (unknown !== undefined)
    throw malformed(`it has an unknown parameter; known are ${parameters[topology].join(', ')}`)
  return options
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw malformed('it is not percent-encoded correctly', cause)
  }
}

function malformed(reason: string, cause?: unknown): Failure {
  return new Failure('malformed', `Cannot read the registry's URL: ${reason}`, { cause })
}
