import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { reachableAddresses } from './socks5-host.ts'
import type { SourceFile } from './source-file.ts'

/** One file on an HTTP server of its own, under a path that cannot be guessed. */
export interface FileServer {
  readonly url: string
  /** Resolves when somebody has read the file to its end. */
  readonly served: Promise<void>
  close(): void
}

/** Serves a file at our address `host`; left out: the first that is not loopback. `onSent` hears of every chunk. */
export async function serveFile(
  file: SourceFile,
  onSent: (bytes: number) => void,
  host = reachableAddresses()[0] ?? '127.0.0.1',
): Promise<FileServer> {
  const path = `/${randomBytes(16).toString('hex')}/${encodeURIComponent(file.name)}`
  const served = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    answer(request, response, path, file, onSent).then(
      (complete) => complete && served.resolve(),
      // A reader that left may come again for the rest.
      () => response.destroy(),
    )
  })
  server.listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${port}${path}`,
    served: served.promise,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Answers one request; true when the file was read to its end. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  file: SourceFile,
  onSent: (bytes: number) => void,
): Promise<boolean> {
  const known = request.url === path
  if (!known || (request.method !== 'GET' && request.method !== 'HEAD')) {
    response.writeHead(known ? 405 : 404).end()
    return false
  }
  const offset = rangeStart(request.headers.range, file.size)
  response.writeHead(offset > 0 ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': file.size - offset,
    'accept-ranges': 'bytes',
    ...(offset > 0 && { 'content-range': `bytes ${offset}-${file.size - 1}/${file.size}` }),
  })
  if (request.method === 'HEAD') {
    response.end()
    return false
  }
  let bytes = offset
  await pipeline(async function* () {
    for await (const chunk of file.chunks(offset)) {
      yield chunk
      bytes += chunk.length
      onSent(bytes)
    }
  }, response)
  return true
}

/** Only `bytes=N-` is a range here; RFC 9110 lets a server answer every other with the whole. */
function rangeStart(header: string | undefined, size: number): number {
  const start = Number(/^bytes=(\d{1,15})-$/.exec(header ?? '')?.[1] ?? 0)
  return start < size ? start : 0
}
