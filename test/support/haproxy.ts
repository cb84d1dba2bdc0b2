import { writeFile } from 'node:fs/promises'
import { startChild } from '../../deploy/local/child.ts'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { freePort } from '../../deploy/local/port.ts'
import { portsAccept } from '../../deploy/local/readiness.ts'

/** An HAProxy that passes connections on with a PROXY header. Disposing stops it. */
export interface HeaderProxy extends AsyncDisposable {
  readonly port: number
}

/** Starts HAProxy in front of a port on loopback; it also looks at that port ten times a second, as load balancers do. */
export async function startHeaderProxy(version: 1 | 2, target: number): Promise<HeaderProxy> {
  const [port, probe] = [await freePort(), await freePort()]
  const folder = temporaryFolder('haproxy')
  const configFile = folder.file('haproxy.cfg')
  const send = version === 1 ? 'send-proxy' : 'send-proxy-v2'
  await writeFile(
    configFile,
    `
defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m

listen clients
  bind 127.0.0.1:${port}
  server relay 127.0.0.1:${target} ${send} check check-send-proxy inter 100

listen ready
  bind 127.0.0.1:${probe}
`,
  )
  try {
    const child = await startChild({
      name: 'HAProxy',
      command: 'haproxy',
      args: ['-db', '-f', configFile],
      logFile: folder.file('haproxy.log'),
      ready: portsAccept([probe]),
    })
    return {
      port,
      async [Symbol.asyncDispose]() {
        await child.stop()
        await folder.remove()
      },
    }
  } catch (error) {
    await folder.remove()
    throw error
  }
}
