import { randomBytes, randomUUID } from 'node:crypto'
import { type RequestOptions, request } from 'node:http'
import type { DownloadEnded } from '../../services/courier/http/download.ts'
import { type HttpOptions, serveHttp } from '../../services/courier/http/server.ts'
import { type SlotParts, slotAbility } from '../../services/courier/http/slots.ts'
import type { UploadEnded } from '../../services/courier/http/upload.ts'
import type { Parcel, ParcelDraft } from '../../services/courier/parcels/parcel.ts'
import { createReception } from '../../services/courier/parcels/parcel-reception.ts'
import type { Reception } from '../../services/courier/parcels/reception.ts'
import { openVerifiedBlob } from '../../services/courier/store/verified-blob.ts'
import { systemClock } from '../../services/shared/runtime/clock.ts'
import { attribute, type Element, xml } from '../../services/shared/xmpp/xml.ts'
import type { CourierStorage } from './courier-storage.ts'
import { linkSessions } from './linked-sessions.ts'

const service = 'courier.example.com'
export const alice = 'alice@example.com/phone'

export interface Slot {
  /** Path of the URL to put to and to get from. */
  readonly path: string
  readonly authorization: string
}

/** The HTTP side of a courier on real storage, with its slots. */
export async function startCourierHttp(
  { records, blobs, events: storageEvents }: CourierStorage,
  given: Partial<HttpOptions> & {
    readonly slotMs?: number
    readonly maxFileBytes?: number
  } = {},
) {
  const clock = systemClock
  const quotas = {
    bytesPerSender: 0,
    parcelsPerSender: 0,
    dailyBytesPerSender: 0,
    bytesPerRecipient: 0,
    parcelsPerRecipient: 0,
    totalBytes: 0,
  }
  const reception: Reception = createReception(
    { records, blobs, scan: undefined, events: storageEvents, clock },
    { ...quotas, maxFileBytes: 1 << 30, keepMs: 86_400_000, scanFailure: 'refuse', holder: randomUUID() },
  )
  const uploads: UploadEnded[] = []
  const downloads: DownloadEnded[] = []
  const faults: unknown[] = []
  let aheadMs = 0
  const now = () => Date.now() + aheadMs
  const parts = {
    reception,
    records,
    open: (parcel: Parcel) => openVerifiedBlob({ records, blobs, events: storageEvents }, parcel),
    clock,
    now,
    events: {
      uploadEnded: (ended: UploadEnded) => void uploads.push(ended),
      downloadEnded: (ended: DownloadEnded) => void downloads.push(ended),
      downloadUncounted: () => {},
      httpAnswered: () => {},
      httpFailed: (error: unknown) => void faults.push(error),
    },
  }
  const options = {
    httpHost: '127.0.0.1',
    httpPort: 0,
    httpConnections: 1_000,
    httpUploads: 100,
    httpDownloads: 100,
    httpTransfersPerAddress: 0,
    httpTrustedProxies: ['127.0.0.1'],
    httpStallMs: 10_000,
    publicUrl: 'https://files.example.com',
    uploadSecret: randomBytes(32).toString('hex'),
    linkDownloads: 0,
    slotMs: 300_000,
    maxFileBytes: 100 << 20,
    ...given,
  }
  const server = await serveHttp(parts, options)
  const answers: string[] = []
  const slotParts: SlotParts = {
    reception,
    admits: ({ domain }) => domain === 'example.com',
    events: { slotAnswered: (outcome) => void answers.push(outcome) },
    now,
  }
  const [own, asker, stranger] = linkSessions([service, alice, 'eve@elsewhere.example/x'])
  const ability = slotAbility(slotParts, options)
  ability.attend?.(own)
  const { port } = server.address

  const askSlot = async (
    attributes: Record<string, string | number>,
    { who = asker, purpose }: { who?: typeof asker; purpose?: Element } = {},
  ) => {
    const payload = xml('request', { xmlns: 'urn:xmpp:http:upload:0', ...attributes }, purpose)
    const result = await who.request(xml('iq', { type: 'get', to: service }, payload))
    const slot = result.getChild('slot', 'urn:xmpp:http:upload:0')
    if (!slot) throw new Error(`No slot: ${result}`)
    return slot
  }

  return {
    reception,
    options,
    server,
    ability,
    stranger,
    uploads,
    downloads,
    faults,
    answers,
    port,
    advance: (ms: number) => {
      aheadMs += ms
    },
    askSlot,
    /** Keeps a file, as if it had come some other way. */
    async store(draft: Omit<ParcelDraft, 'identity' | 'size'>, content: Buffer): Promise<Parcel> {
      const incoming = await reception.accept({ ...draft, size: content.length, identity: randomUUID() })
      await incoming.write(content)
      return await incoming.finish()
    },
    /** The parcel that a path leads to. */
    find: (path: string): Promise<Parcel | undefined> => records.findByLink(path.split('/')[1] ?? ''),
    async slot(attributes: Record<string, string | number>, purpose?: Element): Promise<Slot> {
      const slot = await askSlot(attributes, purpose ? { purpose } : {})
      const put = slot.getChild('put')
      const url = new URL((put && attribute(put, 'url')) ?? '')
      return { path: url.pathname, authorization: put?.getChild('header')?.text() ?? '' }
    },
    request: (method: string, path: string, how: Partial<Asked> = {}) => ask(port, method, path, how),
    async [Symbol.asyncDispose]() {
      await server.stop()
    },
  }
}

export interface Asked {
  readonly headers: Readonly<Record<string, string | number>>
  /** Sent with its Content-Length unless the headers say otherwise. */
  readonly body: Buffer | string
  /** Sent in chunks, without a length. */
  readonly chunks: Iterable<Buffer> | AsyncIterable<Buffer>
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Whether all came that was announced. */
  readonly complete: boolean
}

/** One request, with its target as it is written and on a connection of its own. */
export function ask(
  port: number,
  method: string,
  path: string,
  { headers = {}, body, chunks }: Partial<Asked> = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const options: RequestOptions = {
    host: '127.0.0.1',
    port,
    method,
    path,
    agent: false,
    headers: {
      connection: 'keep-alive',
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      ...headers,
    },
  }
  const outgoing = request(options, (response) => {
    const received: Buffer[] = []
    const done = () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
        body: Buffer.concat(received),
        complete: response.complete,
      })
    response
      .on('data', (chunk) => received.push(chunk))
      .on('end', done)
      .on('error', done)
  })
  outgoing.on('error', reject)
  void (async () => {
    if (chunks) for await (const chunk of chunks) outgoing.write(chunk)
    outgoing.end(body)
  })().catch(reject)
  return promise
}
