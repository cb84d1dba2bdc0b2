import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Metrics } from './metrics.ts'

/** The port operators look at: `/metrics`, `/livez` and `/readyz`. */
export interface HealthServer {
  readonly address: AddressInfo
  stop(): Promise<void>
}

/**
 * Serves metrics and health on a port of their own. `/livez` answers as long as the event loop turns; `/readyz` answers
 * 200 while `ready()` gives undefined and 503 with its text otherwise. Neither asks a shared dependency: that one must
 * not take the whole fleet down.
 */
export async function serveHealth(
  parts: { readonly metrics: Metrics; readonly ready: () => string | undefined },
  config: { readonly healthHost: string; readonly healthPort: number },
): Promise<HealthServer> {
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: string, type = 'text/plain; charset=utf-8') =>
      response.writeHead(status, { 'content-type': type }).end(request.method === 'HEAD' ? undefined : body)
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'GET or HEAD only\n')
    switch (request.url?.split('?')[0]) {
      case '/livez':
        return answer(200, 'ok\n')
      case '/readyz': {
        const why = parts.ready()
        return why === undefined ? answer(200, 'ok\n') : answer(503, `${why}\n`)
      }
      case '/metrics':
        return answer(200, await parts.metrics.metrics(), parts.metrics.contentType)
      default:
        return answer(404, 'see /metrics, /livez and /readyz\n')
    }
  })
  server.listen(config.healthPort, config.healthHost)
  await once(server, 'listening')
  return { address: server.address() as AddressInfo, stop: () => closeServer(server) }
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
