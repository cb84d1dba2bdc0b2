import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { promisify } from 'node:util'

const run = promisify(execFile)
const insideVariable = 'SPLICE65_FAULTS_NAMESPACE'
// Root needs no user namespace; whoever is not root may be let make one.
const kinds = [
  ['--net', '--mount'],
  ['--user', '--map-root-user', '--net', '--mount'],
]

/** Whether this process has a network of its own, in which packets can be dropped and ports be few. */
export const insideNamespace: boolean = process.env[insideVariable] === 'yes'

/**
 * Runs this program again in a network and mount namespace of its own, whose loopback is up, and gives its exit code.
 * Undefined when it is inside already, or this machine lets nobody have one.
 */
export async function enterNamespace(): Promise<number | undefined> {
  if (insideNamespace) return undefined
  const kind = kinds.find((kind) => spawnSync('unshare', [...kind, 'iptables', '--list']).status === 0)
  if (!kind) return undefined
  const script = 'ip link set lo up && exec "$0" "$@"'
  const args = [...kind, 'sh', '-c', script, process.execPath, ...process.argv.slice(1)]
  const child = spawn('unshare', args, { stdio: 'inherit', env: { ...process.env, [insideVariable]: 'yes' } })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return code ?? 128 + (signal ? constants.signals[signal] : 0)
}

/** What becomes of packets: `drop` leaves the sender without a word, `reject` answers with a reset. */
export type Verdict = 'drop' | 'reject'

/** Which TCP packets: to or from this port, or of this address. */
export type Packets = { readonly port: number } | { readonly address: string }

/** Drops or rejects packets of this namespace's loopback. Returns the way to let them through again; safe to repeat. */
export async function block(packets: Packets, verdict: Verdict): Promise<() => Promise<void>> {
  if (!insideNamespace) throw new Error('Cannot block packets: this process has no network of its own')
  const target = verdict === 'drop' ? ['DROP'] : ['REJECT', '--reject-with', 'tcp-reset']
  const directions =
    'port' in packets
      ? [
          ['--dport', String(packets.port)],
          ['--sport', String(packets.port)],
        ]
      : [
          ['--source', packets.address],
          ['--destination', packets.address],
        ]
  const rules = directions.map((direction) => ['INPUT', '--protocol', 'tcp', ...direction, '--jump', ...target])
  for (const rule of rules) await run('iptables', ['--insert', ...rule])
  let blocked = true
  return async () => {
    if (!blocked) return
    blocked = false
    for (const rule of rules) await run('iptables', ['--delete', ...rule])
  }
}
