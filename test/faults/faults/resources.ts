import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { Inspector, inspectable } from '../../support/inspector.ts'
import { until } from '../../support/until.ts'
import type { Family } from '../case.ts'
import { makeMemoryCgroup } from '../memory-cgroup.ts'
import type { Stage } from '../stage.ts'

const full = { by: 'relay', counts: 'splice65_handshakes_total{result="over-limit"}' } as const
const failed = { by: 'relay', counts: 'splice65_handoffs_total{outcome="failed"}' } as const
const ends = { by: 'relay', ends: 'ends, and is started again' } as const
const crowd = 1_000
const blockedMs = 4_000
const portRange = '/proc/sys/net/ipv4/ip_local_port_range'

/** What a process lives on runs out: descriptors, memory, time, ports. */
export const resourceFaults: Family = {
  name: 'resources',
  about: 'What the relay of the second half lives on runs out.',
  stage: { relay: { handoffTimeoutMs: 1_500 } },
  faults: [
    {
      fault: 'descriptors',
      prepare: (stage) => stage.recast('holder', { maxSockets: 100 }, ['prlimit', '--nofile=256:256']),
      strike: crowdIn,
      at: {
        handshake: {
          clients: 'accepted, joined, exact',
          operator: full,
          heals: 'who is too many is closed and counted; its cap leaves room for what it has let in',
        },
        waiting: { clients: 'joined, exact', operator: full, heals: 'as above' },
        transfer: { clients: 'exact', operator: full, heals: 'as above' },
      },
    },
    {
      fault: 'memory of its heap',
      prepare: (stage) => stage.recast('holder', {}, inspectable('--max-old-space-size=96')),
      async strike({ holder }) {
        using inspector = await Inspector.open(holder.process)
        inspector.begin('globalThis.eaten = []; for (;;) eaten.push(new Array(1e5).fill(0.5))')
        await holder.process.exited
      },
      at: {
        waiting: {
          clients: 'internal-server-error',
          operator: ends,
          heals: 'the client whose half is gone dials again',
        },
        transfer: {
          clients: 'exact within a relay, reset across',
          operator: ends,
          heals: 'the clients, who were told by a reset, send again',
        },
      },
    },
    {
      fault: 'memory of the container',
      needs: 'memory cgroup',
      async prepare(stage) {
        const cgroup = makeMemoryCgroup(400 * 2 ** 20)
        stage.afterwards(() => cgroup.remove())
        await stage.recast('holder', {}, [...cgroup.under, ...inspectable()])
      },
      async strike({ holder }) {
        using inspector = await Inspector.open(holder.process)
        inspector.begin('globalThis.eaten = []; for (;;) eaten.push(Buffer.alloc(1e6, 1))')
        const { signal } = await holder.process.exited
        if (signal !== 'SIGKILL') throw new Error(`It was not the kernel that ended it: ${signal}`)
      },
      at: {
        waiting: {
          clients: 'internal-server-error',
          operator: ends,
          heals: 'the client whose half is gone dials again',
        },
        transfer: {
          clients: 'exact within a relay, reset across',
          operator: ends,
          heals: 'the clients, who were told by a reset, send again',
        },
      },
    },
    {
      fault: 'time: the event loop is blocked',
      prepare: (stage) => stage.recast('holder', {}, inspectable()),
      async strike({ holder }) {
        using inspector = await Inspector.open(holder.process)
        inspector.begin(`for (const end = Date.now() + ${blockedMs}; Date.now() < end; );`)
      },
      heal: ({ holder }) => holder.process.ready(),
      at: {
        handshake: {
          clients: 'accepted, joined, exact',
          operator: 'nothing',
          heals: 'the client is answered when the loop turns again',
        },
        waiting: {
          clients: 'internal-server-error, then joined, exact',
          operator: failed,
          heals: 'both halves wait on, and the next activation joins them',
        },
        transfer: {
          clients: 'exact',
          operator: 'nothing',
          heals: 'nothing to heal: bytes are moved by threads of their own',
        },
      },
    },
    {
      fault: 'ephemeral ports',
      needs: 'namespace',
      strike: usePortsUp,
      async heal(stage) {
        await stage.tidy()
      },
      at: {
        waiting: {
          clients: 'internal-server-error, then joined, exact',
          operator: failed,
          heals: 'both halves wait on, and the next activation joins them',
        },
        transfer: { clients: 'exact', operator: 'nothing', heals: 'nothing to heal: its connections are there' },
      },
    },
  ],
}

/** Far more clients than the holder takes, of whom none says a word. */
async function crowdIn(stage: Stage): Promise<void> {
  const port = stage.holder.process.socks['']?.port ?? 0
  const sockets = Array.from({ length: crowd }, () => connect({ port, host: '127.0.0.1' }).on('error', () => {}))
  let turnedAway = 0
  for (const socket of sockets) socket.resume().once('close', () => turnedAway++)
  stage.afterwards(() => {
    for (const socket of sockets) socket.destroy()
  })
  await until('the excess is turned away', () => turnedAway > crowd / 2)
}

/** Leaves two ports to whoever connects, and takes both towards the holder's trunk. */
async function usePortsUp(stage: Stage): Promise<void> {
  const before = await readFile(portRange, 'utf8')
  await writeFile(portRange, '61000 61001')
  const taken: Socket[] = []
  stage.afterwards(async () => {
    await writeFile(portRange, before)
    for (const socket of taken) socket.destroy()
  })
  for (let more = true; more; ) {
    const socket = connect(stage.holder.trunk.address).on('error', () => {})
    try {
      await once(socket, 'connect')
      taken.push(socket)
    } catch {
      more = false
    }
  }
}
