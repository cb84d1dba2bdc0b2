import { Parser } from '@xmpp/xml'
import { formatJid, parseJid } from '../../services/shared/bytestream/jid.ts'
import { createSession, type Session, type SessionPort } from '../../services/shared/xmpp/session.ts'
import { errorReply } from '../../services/shared/xmpp/stanza-error.ts'
import type { Element } from '../../services/shared/xmpp/xml.ts'

/**
 * Sessions that reach one another in memory: what one sends, the addressee receives, as XML that was written and parsed
 * and with the sender's address stamped, as a server does it. `tap` sees every stanza on its way and answers false to
 * lose it.
 */
export function linkSessions<const Jids extends readonly string[]>(
  jids: Jids,
  tap: (stanza: Element) => boolean = () => true,
): { [K in keyof Jids]: Session } {
  const ports = new Map<string, SessionPort>()

  async function deliver(from: string, stanza: Element): Promise<void> {
    const copy = reparse(stanza)
    copy.attrs.from = from
    if (!tap(copy)) return
    const reply = await (ports.get(String(copy.attrs.to))?.receive(copy) ?? bounce(copy))
    if (reply) await deliver(String(copy.attrs.to), reply)
  }

  const sessions = jids.map((text) => {
    const jid = parseJid(text)
    const port = createSession({
      jid: () => jid,
      send: async (stanza) => {
        setImmediate(() => void deliver(formatJid(jid), stanza))
      },
    })
    ports.set(formatJid(jid), port)
    return port.session
  })
  return sessions as { [K in keyof Jids]: Session }
}

function bounce(stanza: Element): Element | undefined {
  const asks = stanza.attrs.type === 'get' || stanza.attrs.type === 'set'
  return asks ? errorReply(stanza, { condition: 'service-unavailable' }) : undefined
}

function reparse(stanza: Element): Element {
  const parser = new Parser()
  const parsed: Element[] = []
  parser.on('element', (element: Element) => parsed.push(element))
  parser.write(`<stream xmlns='jabber:client'>${stanza.toString()}`)
  const [first] = parsed
  if (!first) throw new Error(`Not one stanza: ${stanza.toString()}`)
  return first
}
