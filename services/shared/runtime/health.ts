import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf } from '../bytestream/failure.ts'
import type { Metrics } from './metrics.ts'
import { PatientListener } from './patient-listener.ts'

/** The port operators look at: `/metrics`, `/livez` and `/readyz`. */
export interface HealthServer {
  readonly address: AddressInfo
  stop(): Promise<void>
}

interface HealthParts {
  readonly metrics: Pick<Metrics, 'metrics' | 'contentType'>
  readonly ready: () => string | undefined
}

interface Answer {
  readonly status: number
  readonly body: string
  /** Default: plain text. */
  readonly type?: string
}

/**
 * Serves metrics and health on a port of their own. `/livez` answers as long as the event loop turns; `/readyz` answers
 * 200 while `ready()` gives undefined and 503 with its text otherwise. Neither asks a shared dependency: that one must
 * not take the whole fleet down.
 */
export async function serveHealth(
  parts: HealthParts,
  config: { readonly healthHost: string; readonly healthPort: number },
): Promise<HealthServer> {
  const server = createServer(async (request, response) => {
    // Whatever cannot be read must not end the process that is asked how it is.
    const { status, body, type = 'text/plain; charset=utf-8' } = await answerTo(request, parts).catch(failed)
    response.writeHead(status, { 'content-type': type }).end(request.method === 'HEAD' ? undefined : body)
  })
  // Whoever asks gets no answer: that is all that can be said here of a connection that cannot be accepted.
  const listener = await PatientListener.start(
    { server, failed: () => {} },
    { host: config.healthHost, port: config.healthPort },
  )
  return {
    address: listener.address,
    async stop() {
      const closed = once(server, 'close')
      listener.stop()
      server.closeAllConnections()
      await closed
    },
  }
}

async function answerTo({ method, url }: IncomingMessage, { metrics, ready }: HealthParts): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'GET or HEAD only\n' }
  switch (url?.split('?')[0]) {
    case '/livez':
      return { status: 200, body: 'ok\n' }
    case '/readyz': {
      const why = ready()
      return why === undefined ? { status: 200, body: 'ok\n' } : { status: 503, body: `${why}\n` }
    }
    case '/metrics':
      return { status: 200, body: await metrics.metrics(), type: metrics.contentType }
    default:
      return { status: 404, body: 'see /metrics, /livez and /readyz\n' }
  }
}

function failed(error: unknown): Answer {
  return { status: 500, body: `cannot answer: ${messageOf(error)}\n` }
}
