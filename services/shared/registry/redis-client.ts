import { readFileSync } from 'node:fs'
import { Cluster, Redis } from 'ioredis'
import { Failure } from '../bytestream/failure.ts'
import type { RedisAddress } from './redis-url.ts'

const longestBackoffMs = 2000
const connectTimeoutMs = 2000

/**
 * Opens a client that starts to connect at once and tries for ever. It never queues or repeats a command: what cannot
 * be sent fails, and a connection that stays silent for `commandTimeoutMs` while an answer is due is replaced. Whoever
 * opens it disconnects it. Throws `malformed` when the authority's file cannot be read.
 */
export function openRedisClient(address: RedisAddress, commandTimeoutMs: number): Redis | Cluster {
  const tls = address.tls ? readAuthority(address.caFile) : undefined
  const shared = {
    ...(address.username !== undefined && { username: address.username }),
    ...(address.password !== undefined && { password: address.password }),
    ...(tls && { tls }),
    connectTimeout: connectTimeoutMs,
    // No commandTimeout: the registry keeps the deadline, and the client's own makes a slow object of every command.
    // A hung server, or one behind a broken path, keeps its connection for many minutes: another may be master by now.
    socketTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // After a failover the old master may live on as a replica.
    reconnectOnError: (error: Error) => error.message.includes('READONLY'),
  }
  const alone = { ...shared, db: address.database, enableOfflineQueue: false, retryStrategy: backoffMs }
  switch (address.topology) {
    case 'single':
      return new Redis({ ...alone, ...address.nodes[0] })
    case 'sentinel':
      return new Redis({
        ...alone,
        sentinels: [...address.nodes],
        ...(address.masterName !== undefined && { name: address.masterName }),
        ...(address.sentinelUsername !== undefined && { sentinelUsername: address.sentinelUsername }),
        ...(address.sentinelPassword !== undefined && { sentinelPassword: address.sentinelPassword }),
        ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
        sentinelCommandTimeout: commandTimeoutMs,
        sentinelRetryStrategy: backoffMs,
      })
    case 'cluster':
      return new Cluster([...address.nodes], {
        redisOptions: shared,
        enableOfflineQueue: false,
        clusterRetryStrategy: backoffMs,
        slotsRefreshTimeout: connectTimeoutMs,
        // A moved slot or a restarted node is found again within the deadline, or not at all.
        maxRedirections: 5,
        // A certificate is for a name: let TLS see the name, not what it resolves to.
        ...(tls && { dnsLookup: (host, callback) => callback(null, host) }),
      })
  }
}

/** A random part, at least half, of a ceiling that starts at 50 ms and doubles up to 2 s: pods must not come back in step. */
function backoffMs(attempt: number): number {
  const ceilingMs = Math.min(longestBackoffMs, 25 * 2 ** Math.min(attempt, 10))
  return Math.round((ceilingMs * (1 + Math.random())) / 2)
}

function readAuthority(caFile: string | undefined): { ca?: Buffer } {
  if (caFile === undefined) return {}
  try {
    return { ca: readFileSync(caFile) }
  } catch (cause) {
    throw new Failure('malformed', `Cannot read the certificate authority of the registry at ${caFile}`, { cause })
  }
}
