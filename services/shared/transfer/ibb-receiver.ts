import { Failure } from '../bytestream/failure.ts'
import { notMine, type Session, senderOf } from '../xmpp/session.ts'
import { StanzaError, type StanzaErrorCondition } from '../xmpp/stanza-error.ts'
import { attribute, type Element, ns, wholeNumber, xml } from '../xmpp/xml.ts'
import { decodeBase64 } from './base64.ts'

const MAX_BLOCK_BYTES = 65_535
const SEQUENCE_NUMBERS = 65_536
const QUIET_CLOSE_MS = 5_000
/** Blocks of message stanzas that may wait to be written; those of iq stanzas wait one at a time. */
const MAX_WAITING_BLOCKS = 64

export interface IbbReceiveOptions {
  readonly sid: string
  /** Full JID of the sender. */
  readonly peer: string
  /** The largest block we take; a sender that wants more is asked for less. Default and limit 65 535. */
  readonly maxBlockBytes?: number
  /** How long no block may come. Default 120 000. */
  readonly idleTimeoutMs?: number
  /** Ends the waiting and the stream. */
  readonly signal: AbortSignal
}

/** An in-band stream that the sender has opened. It must be read, to its end or until an error. */
export interface IncomingIbb {
  readonly blockBytes: number
  /** The blocks in order, to the sender's close. A block is answered when the next is asked for. Throws `Failure`. */
  chunks(): AsyncGenerator<Buffer, void>
}

interface Block {
  readonly bytes: Buffer
  taken(): void
}

/** Waits for the sender to open the in-band stream `sid`. Rejects when the signal aborts. */
export function acceptInBand(session: Session, options: IbbReceiveOptions): Promise<IncomingIbb> {
  const { sid, peer, maxBlockBytes = MAX_BLOCK_BYTES, idleTimeoutMs = 120_000, signal } = options
  const opened = Promise.withResolvers<IncomingIbb>()
  const blocks: Block[] = []
  let blockBytes = 0
  let expected = 0
  let over: { failure?: unknown } | undefined
  let wake = Promise.withResolvers<void>()

  const isMine = (payload: Element, stanza: Element) =>
    attribute(payload, 'sid') === sid && senderOf(stanza, session) === peer
  const end = (failure?: unknown) => {
    over ??= failure === undefined ? {} : { failure }
    wake.resolve()
  }
  const onAbort = () => {
    opened.reject(signal.reason)
    end(signal.reason)
    if (blockBytes > 0) tellClosed()
    remove()
  }
  const tellClosed = () => {
    const close = xml('iq', { type: 'set', to: peer }, xml('close', { xmlns: ns.ibb, sid }))
    // The stream is over either way; the answer changes nothing.
    session.request(close, { timeoutMs: QUIET_CLOSE_MS }).catch(() => {})
  }

  function open(payload: Element): void {
    if (blockBytes > 0) throw refusal('not-acceptable', 'This stream is open already')
    const asked = wholeNumber(attribute(payload, 'block-size'))
    if (!asked || asked > MAX_BLOCK_BYTES) throw refusal('bad-request', 'block-size must be 1 to 65535')
    if (asked > maxBlockBytes) throw new StanzaError({ condition: 'resource-constraint', type: 'modify' })
    blockBytes = asked
    opened.resolve({ blockBytes, chunks })
  }

  /** Takes one block; resolves when it has been read. */
  function take(data: Element): Promise<void> {
    if (blockBytes === 0 || over) throw refusal('item-not-found')
    const seq = wholeNumber(attribute(data, 'seq'))
    if (seq === undefined || seq >= SEQUENCE_NUMBERS) throw broken('bad-request', 'seq must be 0 to 65535')
    if (seq !== expected) throw broken('unexpected-request', `expected block ${expected}, not ${seq}`)
    const bytes = decodeBase64(data.text())
    if (!bytes) throw broken('bad-request', `block ${seq} is not base64`)
    if (bytes.length > blockBytes) throw broken('bad-request', `block ${seq} is larger than ${blockBytes} bytes`)
    expected = (expected + 1) % SEQUENCE_NUMBERS
    const { promise, resolve } = Promise.withResolvers<void>()
    blocks.push({ bytes, taken: resolve })
    wake.resolve()
    return promise
  }

  function broken(condition: StanzaErrorCondition, why: string): StanzaError {
    end(new Failure('malformed', `The in-band stream broke: ${why}`))
    tellClosed()
    return refusal(condition, why)
  }

  async function* chunks(): AsyncGenerator<Buffer, void> {
    const idle = setInterval(checkIdle, idleTimeoutMs)
    let idleMark = -1
    let count = 0
    function checkIdle(): void {
      if (idleMark === count) end(new Failure('unavailable', `No block came for ${idleTimeoutMs / 1000} s`))
      idleMark = count
    }
    try {
      for (;;) {
        const block = blocks.shift()
        if (block) {
          count += 1
          yield block.bytes
          block.taken()
        } else if (over) {
          if (over.failure !== undefined) throw over.failure
          return
        } else {
          await wake.promise
          wake = Promise.withResolvers<void>()
        }
      }
    } finally {
      clearInterval(idle)
      if (!over) {
        end()
        tellClosed()
      }
      for (const { taken } of blocks.splice(0)) taken()
      signal.removeEventListener('abort', onAbort)
      remove()
    }
  }

  const handlers = [
    session.onIq({ type: 'set', name: 'open', namespace: ns.ibb }, (payload, iq) => {
      if (!isMine(payload, iq)) return notMine
      open(payload)
      return undefined
    }),
    session.onIq({ type: 'set', name: 'data', namespace: ns.ibb }, async (payload, iq) => {
      if (!isMine(payload, iq)) return notMine
      await take(payload)
      return undefined
    }),
    session.onIq({ type: 'set', name: 'close', namespace: ns.ibb }, (payload, iq) => {
      if (!isMine(payload, iq)) return notMine
      end()
      return undefined
    }),
    session.onMessage((message) => {
      const data = message.getChild('data', ns.ibb)
      if (!data || !isMine(data, message) || over) return
      try {
        if (blocks.length >= MAX_WAITING_BLOCKS)
          throw broken('resource-constraint', 'blocks come faster than they are written')
        void take(data)
      } catch (error) {
        // Message stanzas have no answer; `broken` has closed the stream.
        if (!(error instanceof StanzaError)) throw error
      }
    }),
  ]
  const remove = () => {
    for (const handler of handlers) handler()
  }
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  return opened.promise
}

/** Answers what belongs to no stream of ours: unknown streams are item-not-found, unasked ones not-acceptable. */
export function refuseUnknownInBand(session: Session): () => void {
  const refuse = (name: string, condition: StanzaErrorCondition) =>
    session.onIq({ type: 'set', name, namespace: ns.ibb }, () => {
      throw refusal(condition)
    })
  const handlers = [
    refuse('open', 'not-acceptable'),
    refuse('data', 'item-not-found'),
    refuse('close', 'item-not-found'),
  ]
  return () => {
    for (const handler of handlers) handler()
  }
}

/** XEP-0047 gives every error of a stream the type cancel. */
function refusal(condition: StanzaErrorCondition, text?: string): StanzaError {
  return new StanzaError({ condition, type: 'cancel', ...(text && { text }) })
}
