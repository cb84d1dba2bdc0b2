import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { client } from '@xmpp/client'
import type { Fleet } from '../../deploy/local/fleet.ts'
import { loginStepMs } from '../../deploy/local/xmpp-server.ts'
import { libraryAnswer } from '../../services/cli/account.ts'
import { formatJid, parseJid } from '../../services/shared/bytestream/jid.ts'
import type { OnTransferEvent } from '../../services/shared/transfer/events.ts'
import type { ReceivedFile } from '../../services/shared/transfer/incoming.ts'
import { jingleFeaturesOf } from '../../services/shared/transfer/jingle/receiver.ts'
import { receiverFeaturesOf } from '../../services/shared/transfer/offer-receiver.ts'
import { type ProposedFile, startReceiver } from '../../services/shared/transfer/receiver.ts'
import { answerDiscovery } from '../../services/shared/xmpp/discovery.ts'
import { createSession, type Session } from '../../services/shared/xmpp/session.ts'
import { type Element, xml } from '../../services/shared/xmpp/xml.ts'
import { until } from './until.ts'

export interface OnlineUserOptions {
  readonly resource: string
  /** Default 0; a negative one gets no messages to the bare JID. */
  readonly priority?: number
  /** Where files go that are offered to him; left out: his client knows no file transfer. */
  readonly into?: string
  /** What his client knows of. Default both. */
  readonly protocols?: readonly ('jingle' | 'si')[]
  /** Whether he takes a file; a string says why not. Default: he does. */
  readonly decide?: (file: ProposedFile) => true | string | Promise<true | string>
  /** Hears what happens while files come. */
  readonly tell?: OnTransferEvent
  /** Whether he lets those see his presence who ask. Default true. */
  readonly agrees?: boolean
}

/** A user of a fleet's XMPP server, as his client shows it to him. Disposing logs him out. */
export interface OnlineUser extends AsyncDisposable {
  readonly session: Session
  /** Every message that came, in order. */
  readonly messages: readonly Element[]
  /** Every file that came whole, in order. */
  readonly files: readonly ReceivedFile[]
  /** Waits for a message. */
  message(what: string, satisfies: (message: Element) => boolean): Promise<Element>
  /** Breaks the connection off without a word. */
  vanish(): void
}

const features = { jingle: jingleFeaturesOf(['s5b', 'ibb']), si: receiverFeaturesOf(['s5b', 'ibb']) }

/** Logs in, can be offered files, and only then sends his presence. Whoever logs in logs out. */
export async function logIn(fleet: Fleet, user: string, options: OnlineUserOptions): Promise<OnlineUser> {
  const {
    resource,
    priority = 0,
    into,
    protocols = ['jingle', 'si'],
    decide = () => true,
    tell = () => {},
    agrees = true,
  } = options
  const password = fleet.accounts.find((account) => account.user === user)?.password ?? ''
  const account = { username: user, password }
  const userAgent = xml('user-agent', { id: randomUUID() })
  const xmpp = client({
    service: fleet.xmpp.service,
    domain: fleet.xmpp.domain,
    resource,
    timeout: loginStepMs,
    credentials: (authenticate) => authenticate(account, 'PLAIN', userAgent),
  })
  xmpp.on('error', () => {})
  xmpp.reconnect.stop()
  const own = parseJid(`${user}@${fleet.xmpp.domain}/${resource}`)
  const port = createSession({ jid: () => own, send: (stanza) => xmpp.send(stanza) })
  const messages: Element[] = []
  xmpp.on('stanza', (stanza: Element) => {
    if (stanza.is('message')) messages.push(stanza)
    if (stanza.is('presence') && stanza.attrs.type === 'subscribe' && agrees) {
      void xmpp.send(xml('presence', { type: 'subscribed', to: stanza.attrs.from }))
    }
  })
  xmpp.middleware.use(async ({ stanza }, next) => libraryAnswer(await port.receive(stanza)) ?? next())
  answerDiscovery(port.session, {
    identities: [{ category: 'client', type: 'pc' }],
    features: new Set(into === undefined ? [] : protocols.flatMap((protocol) => features[protocol])),
  })
  const files: ReceivedFile[] = []
  const stopReceiving =
    into === undefined
      ? async () => {}
      : startReceiver(
          {
            session: port.session,
            decide: (_peer, file) => decide(file),
            watch: () => tell,
            onTransfer: (_peer, done) => void done.then((file) => files.push(file)).catch(() => {}),
          },
          { into },
        )
  await xmpp.start()
  await xmpp.send(xml('presence', {}, xml('priority', {}, String(priority))))
  return {
    session: port.session,
    messages,
    files,
    async message(what, satisfies) {
      await until(`${formatJid(own)} gets ${what}`, () => messages.some(satisfies))
      return messages.find(satisfies) ?? xml('message')
    },
    vanish() {
      const socket = xmpp.socket as unknown as Socket | undefined
      socket?.destroy()
    },
    async [Symbol.asyncDispose]() {
      await stopReceiving()
      port.end(new Error('logged out'))
      await xmpp.stop().catch(() => {})
    },
  }
}
