import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readlink } from 'node:fs/promises'
import { until } from './until.ts'

/** Why no network namespace can be made here; undefined when one can. */
export function namespaceFault(): string | undefined {
  const probe = spawnSync('unshare', ['--net', 'nft', 'list', 'ruleset'], { encoding: 'utf8' })
  if (probe.status === 0) return undefined
  return probe.error?.message ?? (probe.stderr.trim() || `unshare ended with ${probe.status}`)
}

/** A network namespace beside ours, linked to it by one wire, over which lies its way to everywhere else. */
export interface Namespace extends AsyncDisposable {
  /** Its addresses on the wire. */
  readonly host: string
  readonly hostV6: string
  /** Ours. */
  readonly gateway: string
  /** What runs a command in it, to be put before the command. */
  readonly enter: readonly string[]
  /** Runs a command in it to its end. Throws, with what it said, when it fails. */
  run(command: string, ...args: string[]): string
  /**
   * Where connections were opened to, and datagrams sent, from in it since it was made: `tcp 10.0.0.1:80`, in order of
   * text. What the kernel itself sends to find its neighbours is left out.
   */
  dialled(): string[]
}

const host = '10.65.0.2'
const hostV6 = 'fd65::2'
const gateway = '10.65.0.1'
const gatewayV6 = 'fd65::1'

/** What leaves is written down, whether anybody would answer or not. */
const ledger = `
table inet ledger {
  set tcp4 { type ipv4_addr . inet_service; flags dynamic; size 65535; }
  set tcp6 { type ipv6_addr . inet_service; flags dynamic; size 65535; }
  set udp4 { type ipv4_addr . inet_service; flags dynamic; size 65535; }
  set udp6 { type ipv6_addr . inet_service; flags dynamic; size 65535; }
  set other4 { type ipv4_addr . inet_proto; flags dynamic; size 65535; }
  chain leaving {
    type filter hook output priority 0; policy accept;
    meta nfproto ipv4 tcp flags & (syn | ack) == syn add @tcp4 { ip daddr . tcp dport }
    meta nfproto ipv6 tcp flags & (syn | ack) == syn add @tcp6 { ip6 daddr . tcp dport }
    meta nfproto ipv4 meta l4proto udp add @udp4 { ip daddr . udp dport }
    meta nfproto ipv6 meta l4proto udp add @udp6 { ip6 daddr . udp dport }
    meta nfproto ipv4 meta l4proto != { tcp, udp, icmp } add @other4 { ip daddr . ip protocol }
  }
}`

/** Makes the namespace. Only for a process that is in one of its own already: its wire begins in ours. */
export async function openNamespace(): Promise<Namespace> {
  await using opened = new AsyncDisposableStack()
  const holder = opened.adopt(spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' }), async (it) => {
    const exited = once(it, 'exit')
    it.kill('SIGKILL')
    await exited
  })
  await once(holder, 'spawn')
  const ours = await readlink('/proc/self/ns/net')
  await until('the namespace is there', async () => (await readlink(`/proc/${holder.pid}/ns/net`)) !== ours)
  const enter = ['nsenter', `--net=/proc/${holder.pid}/ns/net`]
  const inside = (command: string, ...args: string[]) => run([...enter, command, ...args])

  run(['ip', 'link', 'set', 'lo', 'up'])
  run(['ip', 'link', 'add', 'here', 'type', 'veth', 'peer', 'name', 'there', 'netns', String(holder.pid)])
  run(['ip', 'address', 'add', `${gateway}/24`, 'dev', 'here'])
  run(['ip', '-6', 'address', 'add', `${gatewayV6}/64`, 'dev', 'here', 'nodad'])
  run(['ip', 'link', 'set', 'here', 'up'])
  inside('ip', 'link', 'set', 'lo', 'up')
  inside('ip', 'address', 'add', `${host}/24`, 'dev', 'there')
  inside('ip', '-6', 'address', 'add', `${hostV6}/64`, 'dev', 'there', 'nodad')
  inside('ip', 'link', 'set', 'there', 'up')
  inside('ip', 'route', 'add', 'default', 'via', gateway)
  inside('ip', '-6', 'route', 'add', 'default', 'via', gatewayV6)
  run([...enter, 'nft', '--file', '-'], ledger)

  const running = opened.move()
  return {
    host,
    hostV6,
    gateway,
    enter,
    run: inside,
    dialled() {
      const listing: { nftables: { set?: LedgerSet }[] } = JSON.parse(inside('nft', '--json', 'list', 'sets'))
      return listing.nftables
        .flatMap(({ set }) => (set?.elem ?? []).map(({ concat: [address, port] }) => `${set?.name} ${address}:${port}`))
        .sort()
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

interface LedgerSet {
  readonly name: string
  readonly elem?: readonly { readonly concat: readonly [address: string, port: number | string] }[]
}

function run([command = '', ...args]: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', input })
  if (status === 0) return stdout
  throw new Error(`Cannot run ${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}
