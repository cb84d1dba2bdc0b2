import { randomUUID } from 'node:crypto'
import { client } from '@xmpp/client'
import type { Fleet } from '../../deploy/local/fleet.ts'
import { loginStepMs } from '../../deploy/local/xmpp-server.ts'
import { readStanzaError } from '../../services/shared/xmpp/stanza-error.ts'
import { attribute, type Element, ns, xml } from '../../services/shared/xmpp/xml.ts'

/** An account that asks a proxy and takes the answer as it is, be it a result or an error. Whoever logs it in disposes of it. */
export interface Requester extends AsyncDisposable {
  /** The full JID that the server bound. */
  readonly jid: string
  /** Whether its XMPP connection has ended. */
  readonly over: boolean
  /** Asks the proxy, unless `to` names another. Throws when the connection ends or 30 s pass before the answer. */
  ask(type: 'get' | 'set', payload: Element, to?: string): Promise<Element>
  /** Activates; without `sid` or `target` that part is left out of the request. */
  activate(bytestream: { readonly sid?: string; readonly target?: string }, to?: string): Promise<Element>
}

const answerTimeoutMs = 30_000

/** Logs alice, or another of the fleet's accounts, in to its XMPP server. */
export async function logInRequester(
  { xmpp: server, accounts, proxy }: Pick<Fleet, 'xmpp' | 'accounts' | 'proxy'>,
  { user = 'alice', resource = 'phone' }: { readonly user?: string; readonly resource?: string } = {},
): Promise<Requester> {
  const password = accounts.find((account) => account.user === user)?.password
  if (password === undefined) throw new Error(`Cannot log in as ${user}: there is no such account`)
  const { service, domain } = server
  const xmpp = client({ service, domain, resource, username: user, password, timeout: loginStepMs })
  xmpp.reconnect.stop()
  const over = new AbortController()
  const answers = new Map<string, (answer: Element) => void>()
  xmpp.on('error', () => {})
  xmpp.on('disconnect', () => over.abort(new Error(`The XMPP connection of ${user} has ended`)))
  xmpp.on('stanza', (stanza: Element) => answers.get(attribute(stanza, 'id') ?? '')?.(stanza))
  const jid = String(await xmpp.start())

  async function ask(type: 'get' | 'set', payload: Element, to = proxy): Promise<Element> {
    const id = randomUUID()
    const { promise, resolve, reject } = Promise.withResolvers<Element>()
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(answerTimeoutMs)])
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    answers.set(id, resolve)
    try {
      signal.throwIfAborted()
      await xmpp.send(xml('iq', { type, id, to }, payload))
      return await promise
    } finally {
      signal.removeEventListener('abort', abort)
      answers.delete(id)
    }
  }

  return {
    jid,
    get over() {
      return over.signal.aborted
    },
    ask,
    activate({ sid, target }, to) {
      const activate = target === undefined ? undefined : xml('activate', {}, target)
      return ask('set', xml('query', { xmlns: ns.bytestreams, sid }, activate), to)
    },
    async [Symbol.asyncDispose]() {
      await xmpp.stop().catch(() => {})
    },
  }
}

/** An answer in short: `result`, or condition and type of the error: `not-allowed cancel`. */
export function verdict(answer: Element): string {
  if (answer.attrs.type !== 'error') return String(answer.attrs.type)
  const { condition, type } = readStanzaError(answer)
  return `${condition} ${type}`
}
