import type { Fleet } from '../../../deploy/local/fleet.ts'
import { logInRequester, verdict } from '../../support/requester.ts'
import type { Activator } from './subject.ts'

/** Logs the first account of a server in, as the requester of every bytestream. The caller disposes of it. */
export async function logInActivator(
  server: Pick<Fleet, 'xmpp' | 'accounts' | 'proxy'>,
): Promise<Activator & AsyncDisposable> {
  const requester = await logInRequester(server, { resource: 'bench' })
  return {
    jid: requester.jid,
    activate: async (sid, target) => verdict(await requester.activate({ sid, target })),
    [Symbol.asyncDispose]: () => requester[Symbol.asyncDispose](),
  }
}
