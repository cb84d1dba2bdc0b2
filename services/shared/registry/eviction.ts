import { Cluster, type Redis } from 'ioredis'
import type { ReachabilityLog } from './reachability.ts'

/**
 * Warns of a Redis that drops records to make room for others: a half it has dropped cannot be activated until its relay
 * renews it. Looked at whenever Redis is reached, because another one may have been promoted; said once for each policy. A
 * Redis that does not let us ask (INFO) is taken as it is.
 */
export function warnOfEviction(client: Redis | Cluster, log: Pick<ReachabilityLog, 'warn'>): void {
  const said = new Set<string>()
  const look = async (node: Redis) => {
    const { maxmemory, maxmemory_policy: policy } = fieldsOf(await node.info('memory'))
    if (policy === undefined || policy === 'noeviction' || maxmemory === '0' || said.has(policy)) return
    said.add(policy)
    const advice = 'set maxmemory-policy noeviction, and give it room'
    log.warn(
      { policy, maxmemoryBytes: Number(maxmemory) },
      `Redis drops records of the registry when it is full; ${advice}`,
    )
  }
  client.on('ready', () => {
    for (const node of client instanceof Cluster ? client.nodes('master') : [client]) look(node).catch(() => {})
  })
}

/** The lines `name:value` of INFO. */
function fieldsOf(info: string): Record<string, string | undefined> {
  return Object.fromEntries(info.split('\r\n').map((line) => line.split(':', 2)))
}
