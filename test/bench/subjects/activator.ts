import type { Fleet } from '../../../deploy/local/fleet.ts'
import { logInRequester, verdict } from '../../support/requester.ts'
import type { Activator } from './subject.ts'

/** Activations come from many people: on a single connection each answer could wait for the one before (Nagle). */
const REQUESTERS = 16

/** Logs the first account of a server in, from many clients. `opened` logs them out. */
export async function logInActivators(
  server: Pick<Fleet, 'xmpp' | 'accounts' | 'proxy'>,
  opened: AsyncDisposableStack,
): Promise<Activator[]> {
  const activators: Activator[] = []
  for (let i = 0; i < REQUESTERS; i++) {
    const requester = opened.use(await logInRequester(server, { resource: `bench-${i}` }))
    activators.push({
      jid: requester.jid,
      activate: async (sid, target) => verdict(await requester.activate({ sid, target })),
    })
  }
  return activators
}
