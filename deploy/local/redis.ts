import { startChild } from './child.ts'
import { temporaryFolder } from './folder.ts'
import { freePort } from './port.ts'
import { lineAppears } from './readiness.ts'
import { type Restartable, restartable } from './restartable.ts'

export interface RedisOptions {
  /** Default: a free one. */
  readonly port?: number
  /** Further arguments for redis-server. */
  readonly args?: readonly string[]
  /** Where it keeps its log and whatever `args` make it write; the caller's to remove. Default: a temporary folder. */
  readonly dir?: string
}

/** A Redis on loopback that forgets everything when it restarts. */
export interface RedisServer extends Restartable {
  readonly url: string
  readonly port: number
}

/** Starts redis-server without persistence. Whoever starts it stops it. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await freePort())
  const folder = options.dir === undefined ? temporaryFolder('redis') : undefined
  const dir = options.dir ?? folder?.path ?? '.'
  const server = await restartable(
    () =>
      startChild({
        name: `Redis on port ${port}`,
        command: 'redis-server',
        args: [
          ...['--bind', '127.0.0.1', '--port', String(port), '--dir', dir],
          ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
          ...(options.args ?? []),
        ],
        logFile: `${dir}/redis.log`,
        ready: lineAppears(/Ready to accept connections/),
      }),
    async () => folder?.remove(),
  )
  return Object.assign(server, { url: `redis://127.0.0.1:${port}`, port })
}
