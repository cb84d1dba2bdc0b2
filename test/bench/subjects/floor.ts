import { startChild } from '../../../deploy/local/child.ts'
import { freePort } from '../../../deploy/local/port.ts'
import { lineAppears } from '../../../deploy/local/readiness.ts'
import type { Workshop } from '../workshop.ts'
import type { Subject } from './subject.ts'

/** The yardstick: the same splice loop in C, without a protocol. */
export function floorSubject({ folder, programs }: Workshop): Subject {
  return {
    name: 'C floor',
    async start() {
      const port = await freePort()
      const child = await startChild({
        name: 'the C floor',
        command: programs.floor,
        args: [String(port)],
        logFile: folder.file('floor.log'),
        ready: lineAppears(/^listening$/),
      })
      return {
        pids: [child.pid],
        target: { receivers: port, senders: port },
        requesters: [],
        async [Symbol.asyncDispose]() {
          await child.stop()
        },
      }
    },
  }
}
