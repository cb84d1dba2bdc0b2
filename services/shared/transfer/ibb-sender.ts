import { Failure } from '../bytestream/failure.ts'
import { notMine, type RequestOptions, type Session, senderOf } from '../xmpp/session.ts'
import { StanzaError } from '../xmpp/stanza-error.ts'
import { attribute, type Element, ns, xml } from '../xmpp/xml.ts'

/** XEP-0047 §2.2: the recommended size of a block before base64. */
const BLOCK_BYTES = 4096
const SMALLEST_BLOCK_BYTES = 128
const SEQUENCE_NUMBERS = 65_536
const QUIET_CLOSE_MS = 5_000

export interface IbbSendOptions {
  readonly sid: string
  /** Full JID. */
  readonly peer: string
  /** Asked for first; halved while the peer wants less. Default 4096. */
  readonly blockBytes?: number
  readonly signal?: AbortSignal
}

/**
 * Sends a stream in band: one block at a time, each answered before the next, then closes and waits for the answer.
 * `chunks` is called with the block size agreed on. Throws the peer's `StanzaError`, or `unavailable` when the peer closes
 * early or does not answer.
 */
export async function sendInBand(
  session: Session,
  chunks: (blockBytes: number) => AsyncIterable<Buffer>,
  onSent: (length: number) => void,
  { sid, peer, blockBytes = BLOCK_BYTES, signal }: IbbSendOptions,
): Promise<void> {
  const closed = new AbortController()
  const options: RequestOptions = { signal: signal ? AbortSignal.any([signal, closed.signal]) : closed.signal }
  const ask = (payload: Element) => session.request(xml('iq', { type: 'set', to: peer }, payload), options)
  const removeHandler = session.onIq({ type: 'set', name: 'close', namespace: ns.ibb }, (close, iq) => {
    if (attribute(close, 'sid') !== sid || senderOf(iq, session) !== peer) return notMine
    closed.abort(closedEarly(peer))
    return undefined
  })
  try {
    const agreed = await open(ask, sid, blockBytes)
    let seq = 0
    try {
      for await (const chunk of chunks(agreed)) {
        await ask(xml('data', { xmlns: ns.ibb, sid, seq }, chunk.toString('base64'))).catch((cause) => {
          throw isUnknown(cause) ? closedEarly(peer, cause) : cause
        })
        seq = (seq + 1) % SEQUENCE_NUMBERS
        onSent(chunk.length)
      }
    } catch (error) {
      // XEP-0047 §2.2: after an error the sender closes. The error is what counts, not the answer to this.
      const close = xml('iq', { type: 'set', to: peer }, xml('close', { xmlns: ns.ibb, sid }))
      if (!closed.signal.aborted) session.request(close, { timeoutMs: QUIET_CLOSE_MS }).catch(() => {})
      throw error
    }
    removeHandler()
    await ask(xml('close', { xmlns: ns.ibb, sid }))
  } finally {
    removeHandler()
  }
}

/** XEP-0047 §2.2: the receiver of a block knows no such stream. It took the opening, so it has closed since. */
function isUnknown(error: unknown): boolean {
  return error instanceof StanzaError && error.condition === 'item-not-found'
}

function closedEarly(peer: string, cause?: unknown): Failure {
  return new Failure('unavailable', `${peer} closed the in-band stream before its end`, { cause })
}

async function open(ask: (payload: Element) => Promise<Element>, sid: string, blockBytes: number): Promise<number> {
  for (let size = blockBytes; ; size = Math.floor(size / 2)) {
    try {
      await ask(xml('open', { xmlns: ns.ibb, sid, 'block-size': size, stanza: 'iq' }))
      return size
    } catch (error) {
      const wantsLess = error instanceof StanzaError && error.condition === 'resource-constraint'
      if (!wantsLess || size / 2 < SMALLEST_BLOCK_BYTES) throw error
    }
  }
}
