import { setImmediate } from 'node:timers/promises'
import type { Switchboard } from '../../services/courier/addresses/switchboard.ts'
import { type Element, xml } from '../../services/shared/xmpp/xml.ts'
import { parseStanza } from './parse-stanza.ts'

/** A switchboard that keeps what is sent, and hands on what a test says came. */
export interface PresenceScene {
  readonly switchboard: Pick<Switchboard, 'send' | 'capabilities' | 'onPresence' | 'onMessage'>
  /** What was sent since the last call: type, from, to, and what is in it. */
  sent(): Promise<string[]>
  /** A stanza comes in. Resolves when all has been done about it that needs no time. */
  come(stanza: string): Promise<void>
  /** The component stream, which is up at first. */
  up: boolean
}

export function presenceScene(): PresenceScene {
  const out: Element[] = []
  const presence = new Set<(stanza: Element) => void>()
  const messages = new Set<(stanza: Element) => void>()
  const listening = (listeners: Set<(stanza: Element) => void>) => (listener: (stanza: Element) => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const scene: PresenceScene = {
    up: true,
    switchboard: {
      async send(stanza) {
        if (!scene.up) throw new Error('the stream is down')
        out.push(stanza)
      },
      capabilities: (who) => xml('c', { of: who }),
      onPresence: listening(presence),
      onMessage: listening(messages),
    },
    async sent() {
      await setImmediate()
      return out.splice(0).map((stanza) => {
        const { type = 'available', from, to } = stanza.attrs
        return [type, from, to, ...stanza.children.map(String)].join(' ')
      })
    },
    async come(text) {
      const stanza = parseStanza(text)
      for (const listener of stanza.getName() === 'presence' ? presence : messages) listener(stanza)
      await setImmediate()
    },
  }
  return scene
}
