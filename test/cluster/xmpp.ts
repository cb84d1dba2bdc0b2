import { writeFile } from 'node:fs/promises'
import type { Folder } from '../../deploy/local/folder.ts'
import type { Namespace } from './namespace.ts'

/** Name and key of the Secret that holds the component's secret, as the chart expects them. */
export const componentSecret = { name: 'component', key: 'component-secret' }

/** The XMPP server in the cluster, as clients outside reach it. alice and bob have their names for passwords. */
export interface Xmpp {
  readonly domain: string
  /** What a client is told to connect to. */
  readonly service: string
  /** Flags of the command line that log a user in. */
  login(user: 'alice' | 'bob'): string[]
}

/** Starts Prosody in the namespace; it goes with it. `folder` gets the files with the passwords. */
export async function installProsody(namespace: Namespace, folder: Folder): Promise<Xmpp> {
  const { name, key } = componentSecret
  await namespace.kubectl(['create', 'secret', 'generic', name, `--from-literal=${key}=${namespace.name}`])
  await namespace.apply('prosody.yaml', 'prosody')
  const nodePorts: { spec: { ports: { name: string; nodePort: number }[] } } = JSON.parse(
    await namespace.kubectl(['get', 'service', 'prosody', '--output=json']),
  )
  const port = nodePorts.spec.ports.find((each) => each.name === 'client')?.nodePort
  const [host] = namespace.cluster.nodes.values()
  if (host === undefined || port === undefined) throw new Error('Cannot reach Prosody: it has no node port')
  const passwordFile = (user: string) => folder.file(`${user}.password`)
  for (const user of ['alice', 'bob']) await writeFile(passwordFile(user), user, { mode: 0o600 })
  const [domain, service] = ['example.test', `xmpp://${host}:${port}`]
  return {
    domain,
    service,
    login: (user) => [
      ...['--jid', `${user}@${domain}`, '--password-file', passwordFile(user)],
      ...['--service', service, '--plaintext'],
    ],
  }
}
