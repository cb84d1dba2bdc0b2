import { client } from '@xmpp/client'
import type { Fleet } from '../../deploy/local/fleet.ts'
import { loginStepMs } from '../../deploy/local/xmpp-server.ts'
import { type Element, xml } from '../../services/shared/xmpp/xml.ts'

/** An account whose stanzas a test sends and reads by itself. Whoever logs it in disposes of it. */
export interface XmppClient extends AsyncDisposable {
  /** The full JID that the server bound. */
  readonly jid: string
  send(stanza: Element): Promise<void>
  /** The first stanza that `matches`, of those that came and were not taken yet or from now on. Throws after a minute. */
  take(what: string, matches: (stanza: Element) => boolean): Promise<Element>
}

const patienceMs = 60_000

/** Logs one of the fleet's accounts in and makes it available. */
export async function logInClient(
  { xmpp: server, accounts }: Pick<Fleet, 'xmpp' | 'accounts'>,
  { user, resource = 'phone' }: { readonly user: string; readonly resource?: string },
): Promise<XmppClient> {
  const password = accounts.find((account) => account.user === user)?.password
  if (password === undefined) throw new Error(`Cannot log in as ${user}: there is no such account`)
  const { service, domain } = server
  const xmpp = client({ service, domain, resource, username: user, password, timeout: loginStepMs })
  xmpp.reconnect.stop()
  xmpp.on('error', () => {})
  const came: Element[] = []
  const readers = new Set<() => void>()
  xmpp.on('stanza', (stanza: Element) => {
    came.push(stanza)
    for (const read of readers) read()
  })
  const jid = String(await xmpp.start())
  await xmpp.send(xml('presence'))
  return {
    jid,
    send: (stanza) => xmpp.send(stanza),
    take(what, matches) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          readers.delete(read)
          reject(new Error(`${user} waited ${patienceMs} ms for ${what}; there came:\n${came.join('\n')}`))
        }, patienceMs)
        function read(): void {
          const index = came.findIndex(matches)
          const [found] = index < 0 ? [] : came.splice(index, 1)
          if (!found) return
          clearTimeout(timer)
          readers.delete(read)
          resolve(found)
        }
        readers.add(read)
        read()
      })
    },
    async [Symbol.asyncDispose]() {
      await xmpp.stop().catch(() => {})
    },
  }
}
