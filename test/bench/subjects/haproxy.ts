import { writeFile } from 'node:fs/promises'
import { startChild } from '../../../deploy/local/child.ts'
import { freePort } from '../../../deploy/local/port.ts'
import { portsAccept } from '../../../deploy/local/readiness.ts'
import type { Workshop } from '../workshop.ts'
import type { Subject } from './subject.ts'

/** How HAProxy is told to move bytes. */
export interface HaproxyTuning {
  /** As tables call it. */
  readonly name: string
  /** splice(2) both ways, always: `splice-auto` would seldom choose it. */
  readonly splice: boolean
  /** Default: the kernel's 64 KiB. */
  readonly pipeBytes?: number
}

export const haproxySplice: HaproxyTuning = { name: 'HAProxy splice', splice: true }

/** The three ways to run it that bracket what it can do. */
export const haproxyTunings: readonly HaproxyTuning[] = [
  { name: 'HAProxy', splice: false },
  haproxySplice,
  { name: 'HAProxy splice 1 MiB', splice: true, pipeBytes: 1024 * 1024 },
]

/** HAProxy in `mode tcp`, one thread, between a client and a server that both belong to the load. */
export function haproxySubject({ folder }: Workshop, tuning: HaproxyTuning): Subject {
  return {
    name: tuning.name,
    async start() {
      const [port, sink, probe] = [await freePort(), await freePort(), await freePort()]
      const configFile = folder.file(`haproxy-${port}.cfg`)
      await writeFile(configFile, configuration(tuning, { port, sink, probe }))
      const child = await startChild({
        name: tuning.name,
        command: 'haproxy',
        args: ['-db', '-f', configFile],
        logFile: folder.file('haproxy.log'),
        ready: portsAccept([probe]),
      })
      return {
        pids: [child.pid],
        target: { receivers: port, senders: port, sink },
        requesters: [],
        async [Symbol.asyncDispose]() {
          await child.stop()
        },
      }
    },
  }
}

interface Ports {
  /** Where clients connect. */
  readonly port: number
  /** Where the server listens. */
  readonly sink: number
  /** Leads nowhere: shows that HAProxy is up without a connection to the server. */
  readonly probe: number
}

function configuration({ splice, pipeBytes }: HaproxyTuning, { port, sink, probe }: Ports): string {
  return `
global
  nbthread 1
  maxconn 2000
  ${pipeBytes === undefined ? '' : `tune.pipesize ${pipeBytes}`}

defaults
  mode tcp
  timeout connect 5s
  timeout client 10m
  timeout server 10m
  ${splice ? 'option splice-request\n  option splice-response' : ''}

listen load
  bind 127.0.0.1:${port}
  server sink 127.0.0.1:${sink}

listen probe
  bind 127.0.0.1:${probe}
`
}
