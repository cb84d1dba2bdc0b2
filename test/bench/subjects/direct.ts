import { freePort } from '../../../deploy/local/port.ts'
import type { Subject } from './subject.ts'

/** Nothing in between: one TCP connection on loopback. */
export const directSubject: Subject = {
  name: 'direct TCP',
  async start() {
    const port = await freePort()
    return {
      pids: [],
      target: { receivers: port, senders: port, sink: port },
      requesters: [],
      async [Symbol.asyncDispose]() {},
    }
  },
}
