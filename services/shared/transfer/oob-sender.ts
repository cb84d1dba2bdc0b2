import type { Session } from '../xmpp/session.ts'
import { ns, xml } from '../xmpp/xml.ts'
import type { OnTransferEvent, TransferSummary } from './events.ts'
import { serveFile } from './file-server.ts'
import type { SourceFile } from './source-file.ts'

/** A receiver answers only when it has everything (XEP-0066 §2). */
const DOWNLOAD_MS = 24 * 3600 * 1000

export interface UrlOptions {
  /** The receiver's full JID. */
  readonly to: string
  /** By iq, which tells when the receiver has the file, or by message, which does not. */
  readonly asIq: boolean
  readonly description?: string
  readonly signal?: AbortSignal
}

/**
 * Tells a receiver where a file is. By iq it resolves when the receiver has downloaded it, and throws the `StanzaError` it
 * answers otherwise; by message it resolves at once.
 */
export async function offerUrl(
  session: Session,
  url: string,
  { to, asIq, description, signal }: UrlOptions,
): Promise<void> {
  const content = [xml('url', {}, url), ...(description ? [xml('desc', {}, description)] : [])]
  if (asIq) {
    await session.request(xml('iq', { type: 'set', to }, xml('query', { xmlns: ns.oobIq }, content)), {
      timeoutMs: DOWNLOAD_MS,
      ...(signal && { signal }),
    })
  } else {
    await session.send(
      xml('message', { to, type: 'normal' }, xml('body', {}, url), xml('x', { xmlns: ns.oobMessage }, content)),
    )
  }
}

/** Serves a file over HTTP until the receiver has it. Throws as `offerUrl`. */
export async function sendOutOfBand(
  { session, file, tell }: { session: Session; file: SourceFile; tell: OnTransferEvent },
  { direct, ...options }: UrlOptions & { readonly direct?: boolean | readonly string[] },
): Promise<TransferSummary> {
  const { name, size } = file
  const host = Array.isArray(direct) ? direct[0] : undefined
  const server = await serveFile(file, (bytes) => tell({ event: 'progress', bytes, size }), host)
  try {
    tell({ event: 'offered', protocol: 'oob', sid: server.url, name, size, peer: options.to, methods: ['oob'] })
    tell({ event: 'connected', method: 'oob' })
    const interrupted = new Promise<never>((_, reject) => {
      options.signal?.addEventListener('abort', () => reject(options.signal?.reason), { once: true })
    })
    await offerUrl(session, server.url, options)
    await Promise.race([server.served, interrupted])
    return { name, size, peer: options.to, method: 'oob', transferredBytes: size, sha256: file.sha256() }
  } finally {
    server.close()
  }
}
