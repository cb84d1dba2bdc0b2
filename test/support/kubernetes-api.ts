import { once } from 'node:events'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import type { KubernetesAccess } from '../../services/relay/public-address/kubernetes.ts'
import { createAuthority } from './certificates.ts'

/** An API server on loopback with a certificate of an authority of its own, and a service account to ask it with. */
export interface FakeKubernetes extends AsyncDisposable {
  readonly access: KubernetesAccess & { readonly port: string }
  /** What it answers, by path: an object with 200, a number as that status. Without an entry: 404. */
  readonly answers: Map<string, object | number>
  /** The paths it was asked for, in order, by whoever had the right token. */
  readonly asked: string[]
  /** Replaces the token that it takes, and the one in the folder unless `folderToo` is false. */
  rotateToken(token: string, options?: { readonly folderToo?: boolean }): Promise<void>
  /** Is gone, until `resume` brings it back at the same port. */
  pause(): Promise<void>
  resume(): Promise<void>
}

/** Starts it in namespace `transfer`. Whoever starts it disposes of it. */
export async function startKubernetes(): Promise<FakeKubernetes> {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(temporaryFolder('kubernetes'))
  const authority = await createAuthority(folder)
  const certificate = await authority.issue('kubernetes', { subjectAltName: 'IP:127.0.0.1' })
  await copyFile(certificate.tlsCaFile, folder.file('ca.crt'))
  await writeFile(folder.file('namespace'), 'transfer')

  const answers = new Map<string, object | number>()
  const asked: string[] = []
  let token = 'first token'
  await writeFile(folder.file('token'), `${token}\n`)
  const tls = { key: await readFile(certificate.tlsKeyFile), cert: await readFile(certificate.tlsCertFile) }
  const server = createServer(tls, ({ url = '', headers }, response) => {
    if (headers.authorization !== `Bearer ${token}`) return response.writeHead(401).end('{}')
    asked.push(url)
    const answer = answers.get(url) ?? 404
    if (typeof answer === 'number') return response.writeHead(answer).end('{"kind":"Status"}')
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const close = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  const port = await listen(0)
  opened.defer(close)
  const running = opened.move()
  return {
    access: { host: '127.0.0.1', port: String(port), folder: folder.path },
    answers,
    asked,
    async rotateToken(next, { folderToo = true } = {}) {
      token = next
      if (folderToo) await writeFile(folder.file('token'), next)
    },
    pause: close,
    async resume() {
      await listen(port)
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** A Node with these addresses, by their type. */
export function nodeWith(addresses: Readonly<Record<string, string>>): object {
  return { status: { addresses: Object.entries(addresses).map(([type, address]) => ({ type, address })) } }
}

/** A Service of type LoadBalancer, pending without `ingress`. */
export function balancedService(ingress?: { readonly ip?: string; readonly hostname?: string }, port = 7777): object {
  return {
    spec: { type: 'LoadBalancer', ports: [{ name: 'socks', port, nodePort: 31_777 }] },
    status: { loadBalancer: ingress ? { ingress: [ingress] } : {} },
  }
}
