import { asFailure, Failure } from '../bytestream/failure.ts'
import { formatBareJid, parseJid } from '../bytestream/jid.ts'
import { senderOf } from '../xmpp/session.ts'
import { StanzaError } from '../xmpp/stanza-error.ts'
import { type Element, ns } from '../xmpp/xml.ts'
import { type Download, openDownload } from './download.ts'
import type { OnTransferEvent } from './events.ts'
import type { ReceivedFile } from './incoming.ts'
import { type FileIdentity, openPartialFile, type PartialFile } from './partial-file.ts'
import type { ReceiverOptions, ReceiverParts } from './receiver.ts'

/** The features to advertise for a session that fetches what it is told of. */
export const oobFeatures: readonly string[] = [ns.oobIq, ns.oobMessage]

/**
 * Fetches the files whose addresses are sent to a session (XEP-0066), by iq and by message. The answer stops it and
 * resolves when the last download has ended; what had come is kept for a later resumption.
 */
export function startOobReceiver(
  { session, decide, watch, onTransfer }: ReceiverParts,
  options: Pick<ReceiverOptions, 'into' | 'maxBytes' | 'dial'>,
): () => Promise<void> {
  const controller = new AbortController()
  const running = new Set<Promise<unknown>>()

  async function accept(peer: string, content: Element): Promise<ReceivedFile> {
    const url = content.getChildText('url')?.trim()
    if (!url) throw new StanzaError({ condition: 'bad-request', text: 'There is no url' })
    const decision = await decide(peer, { name: nameOf(url) })
    if (decision !== true) throw new StanzaError({ condition: 'not-acceptable', text: decision })
    const done = fetchFile(url, peer, watch(), { ...options, signal: controller.signal })
    running.add(done)
    const forget = () => running.delete(done)
    done.then(forget, forget)
    onTransfer(peer, done)
    return done
  }

  const handlers = [
    session.onIq({ type: 'set', name: 'query', namespace: ns.oobIq }, async (query, iq) => {
      try {
        await accept(senderOf(iq, session), query)
        return undefined
      } catch (error) {
        if (error instanceof StanzaError) throw error
        throw new StanzaError({ condition: 'item-not-found', text: asFailure(error, 'Cannot fetch the file').message })
      }
    }),
    session.onMessage((message) => {
      const content = message.getChild('x', ns.oobMessage)
      // A message has no answer; `onTransfer` has told of the failure.
      if (content && message.attrs.type !== 'error') accept(senderOf(message, session), content).catch(() => {})
    }),
  ]
  return async () => {
    for (const remove of handlers) remove()
    controller.abort(new Failure('unavailable', 'The receiver was stopped'))
    await Promise.allSettled(running)
  }
}

async function fetchFile(
  url: string,
  peer: string,
  tell: OnTransferEvent,
  {
    into,
    maxBytes = Number.POSITIVE_INFINITY,
    dial,
    signal,
  }: Pick<ReceiverOptions, 'into' | 'maxBytes' | 'dial'> & { signal: AbortSignal },
): Promise<ReceivedFile> {
  const open = (offset: number) => openDownload(url, { offset, signal, ...(dial?.guard && { guard: dial.guard }) })
  let download = await open(0)
  const { size } = download
  if (size !== undefined && size > maxBytes) {
    download.cancel()
    throw new Failure('over-limit', `${url} has ${size} bytes, more than the ${maxBytes} that are taken`)
  }
  const name = nameOf(url)
  const identity: FileIdentity = {
    sender: formatBareJid(parseJid(peer)),
    name,
    hash: url,
    ...(size !== undefined && { size }),
  }
  let partial = await openPartialFile(into, identity, { resume: true, maxBytes })
  try {
    if (partial.offset > 0) {
      download.cancel()
      download = await open(partial.offset)
      if (download.offset !== partial.offset) {
        // The server knows no ranges and sends the whole.
        await partial.discard()
        partial = await openPartialFile(into, identity, { resume: false, maxBytes })
      }
    }
    const { offset } = partial
    tell({ event: 'offered', protocol: 'oob', sid: url, name, size: size ?? 0, peer, methods: ['oob'] })
    tell({ event: 'connected', method: 'oob' })
    await store(download, partial, size, tell)
    const finished = await partial.finish()
    return { name, size: partial.bytes, peer, method: 'oob', transferredBytes: partial.bytes - offset, ...finished }
  } catch (error) {
    if (error instanceof Failure && error.code === 'over-limit') await partial.discard()
    else await partial.keep()
    throw error
  }
}

async function store(
  { chunks }: Download,
  partial: PartialFile,
  size: number | undefined,
  tell: OnTransferEvent,
): Promise<void> {
  try {
    for await (const chunk of chunks) {
      await partial.write(chunk)
      tell({ event: 'progress', bytes: partial.bytes, size: size ?? partial.bytes })
    }
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    throw new Failure('unavailable', `The download ended after ${partial.bytes} bytes`, { cause })
  }
}

/** The last part of the path, as its author may have meant it. */
function nameOf(url: string): string {
  const last = URL.parse(url)?.pathname.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}
