import { randomUUID } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { client } from '@xmpp/client'
import { Failure } from '../shared/bytestream/failure.ts'
import { formatJid, type Jid, parseJid } from '../shared/bytestream/jid.ts'
import { createSession, type Session } from '../shared/xmpp/session.ts'
import { keepSplitCharacters, type SocketReader } from '../shared/xmpp/utf8.ts'
import { type Element, xml } from '../shared/xmpp/xml.ts'

/** How long the server may take for each step of a login. */
const STEP_MS = 20_000

export interface AccountOptions {
  /** With a resource, that resource is asked for. */
  readonly jid: Jid
  readonly password: string
  /** `xmpp://host:port`, or `xmpps://` for direct TLS; left out: found by DNS. */
  readonly service?: string
  /** Send the password without TLS to a server that is not on this machine. */
  readonly plaintext?: boolean
}

/** An account that is logged in. */
export interface OnlineAccount {
  readonly session: Session
  /** Logs out and closes the connection. */
  stop(): Promise<void>
}

/**
 * Logs in and stays logged in: a lost connection is made again, and requests that waited on it fail. `warn` hears of what
 * goes wrong meanwhile. Throws `forbidden` for a wrong password, `unavailable` when the server cannot be reached.
 */
export async function connectAccount(options: AccountOptions, warn: (text: string) => void): Promise<OnlineAccount> {
  const { jid, password, service, plaintext = false } = options
  const mayBePlain = plaintext || (service !== undefined && isLoopback(new URL(service).hostname))
  const userAgent = xml('user-agent', { id: randomUUID() }, xml('software', {}, 'splice65'))
  const xmpp = client({
    service: service ?? jid.domain,
    domain: jid.domain,
    timeout: STEP_MS,
    ...(jid.resource && { resource: jid.resource }),
    credentials: async (authenticate, mechanisms) => {
      const secure = xmpp.isSecure()
      if (!secure && !mayBePlain) throw new Failure('forbidden', `${jid.domain} offers no TLS; --plaintext allows that`)
      const mechanism = mechanisms.find((each) => secure || mayBePlain || each !== 'PLAIN')
      await authenticate({ username: jid.local, password }, mechanism ?? '', userAgent)
    },
  })
  keepSplitCharacters(xmpp as unknown as SocketReader)
  let own = jid
  const port = createSession({
    jid: () => own,
    send: (stanza) => xmpp.send(stanza),
    onFault: (error) => warn(`Cannot answer a request: ${error instanceof Error ? error.stack : String(error)}`),
  })
  xmpp.middleware.use(async ({ stanza }, next) => libraryAnswer(await port.receive(stanza)) ?? next())
  xmpp.on('online', (bound) => {
    own = parseJid(bound.toString())
    // A negative priority takes files and no chat.
    xmpp.send(xml('presence', {}, xml('priority', {}, '-1'))).catch(() => {})
  })
  xmpp.on('disconnect', () => port.end(new Error('disconnected')))
  let online = false
  xmpp.on('error', (error) => {
    if (online) warn(`XMPP connection of ${formatJid(own)}: ${error.message}`)
  })
  try {
    await xmpp.start()
    online = true
  } catch (error) {
    xmpp.reconnect.stop()
    await xmpp.stop().catch(() => {})
    throw loginFailure(error, jid)
  }
  return {
    session: port.session,
    async stop() {
      online = false
      xmpp.reconnect.stop()
      await xmpp.stop().catch(() => {})
    },
  }
}

/** Reads a password from the first line of a file. `warn` hears when others could read it too. */
export async function readPassword(path: string, warn: (text: string) => void): Promise<string> {
  try {
    const [text, { mode }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    if ((mode & 0o077) !== 0) warn(`${path} can be read by others: chmod 600 ${path}`)
    return text.split(/\r?\n/, 1)[0] ?? ''
  } catch (cause) {
    throw new Failure('not-found', `Cannot read the password file ${path}`, { cause })
  }
}

/**
 * A session's answer as a middleware of the library gives it. The library adds the envelope itself: it wants the
 * `<error/>`, or the result's child, or an empty object for none.
 */
export function libraryAnswer(reply: Element | undefined): Element | object | undefined {
  if (!reply) return undefined
  const children = reply.getChildElements()
  return reply.attrs.type === 'error' ? children.at(-1) : (children[0] ?? {})
}

function loginFailure(error: unknown, jid: Jid): Failure {
  if (error instanceof Failure) return error
  const text = error instanceof Error ? error.message || error.name : String(error)
  const refused = error instanceof Error && error.name === 'SASLError'
  const code = refused ? 'forbidden' : 'unavailable'
  return new Failure(code, `Cannot log in as ${formatJid(jid)}: ${text}`, { cause: error })
}

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
