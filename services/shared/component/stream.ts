import { once } from 'node:events'
import { component, type Entity } from '@xmpp/component'
import { Failure, messageOf } from '../bytestream/failure.ts'
import { keepSplitCharacters } from '../xmpp/utf8.ts'
import type { Element } from '../xmpp/xml.ts'
import { lookUpNearby } from './nearby.ts'
import { limitStanzas } from './stanza-limits.ts'

/** Where the XMPP server takes components, and who we are there. */
export interface StreamOptions {
  readonly componentDomain: string
  readonly componentHost: string
  readonly componentPort: number
  /** The server may be at a public address, although nothing is encrypted on the way (XEP-0114). Default false. */
  readonly componentInsecure?: boolean
  /** ASCII only: the library hashes it as latin1, the server as UTF-8. */
  readonly componentSecret: string
  /** How long connecting and each step of the handshake may take. */
  readonly componentConnectTimeoutMs: number
}

/**
 * Why a stream ended or never came to be: the server's stream error condition (RFC 6120 §4.9.3) when it gave one, or
 * `public-address`, our own, when the server is where a stream in clear text must not lead.
 */
export class StreamEnd extends Error {
  override readonly name = 'StreamEnd'
  readonly condition: string | undefined

  constructor(message: string, options: { condition?: string | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.condition = options.condition
  }
}

/** One authenticated XEP-0114 stream. It lives once; whoever opened it closes it. */
export interface ComponentStream {
  /** Resolves, once, with the reason when the stream is over, whoever ended it. */
  readonly ended: Promise<StreamEnd>
  /** Milliseconds, by `performance.now()`, at which the server last sent anything. */
  readonly heardAtMs: number
  /** Throws when the stream is over. */
  send(stanza: Element): Promise<void>
  /** Ends it politely: footer, FIN, and a moment for the server to do the same. Safe to repeat. */
  close(): Promise<void>
  /** Ends it at once, for this reason. */
  destroy(reason: StreamEnd): void
}

const footer = '</stream:stream>'
const keepaliveDelayMs = 30_000
const farewellMs = 1_000
// Twice what servers take from their own clients by default.
const longestStanzaBytes = 1 << 20

/**
 * Connects and authenticates. `onStanza` gets every stanza from then on. Throws a `StreamEnd` when the server refuses,
 * does not answer in time, or `signal` aborts.
 *
 * `@xmpp/component` speaks the protocol; everything it would do by itself is switched off, because its `start()`
 * leaves a rejection unhandled on a stream error, it reconnects at a fixed pace, and its middleware answers requests.
 */
export async function openStream(
  options: StreamOptions,
  { onStanza, signal }: { onStanza: (stanza: Element) => void; signal: AbortSignal },
): Promise<ComponentStream> {
  const { componentDomain: domain, componentHost: host, componentPort: port } = options
  const entity = component({ service: `xmpp://${domain}`, domain, password: options.componentSecret })
  entity.timeout = options.componentConnectTimeoutMs
  entity.reconnect.stop()
  entity.removeAllListeners('element')
  const lookup = options.componentInsecure ? undefined : lookUpNearby(tooFar)
  entity.socketParameters = () => ({ host, port, ...(lookup && { lookup }) })
  entity._onSeeOtherHost = (error) => entity.emit('error', error)
  keepSplitCharacters(entity)
  const attachParser = entity._attachParser
  entity._attachParser = (parser) => attachParser.call(entity, limitStanzas(parser))

  let heardAtMs = performance.now()
  survive(entity, () => {
    heardAtMs = performance.now()
  })

  const ended = Promise.withResolvers<StreamEnd>()
  entity.on('error', (error) => ended.resolve(asStreamEnd(error)))
  // Whatever still waits inside the library hears of it now, not when its timer fires.
  entity.on('disconnect', () => entity.emit('error', new StreamEnd('the server closed the connection')))
  entity.on('close', () => {
    entity.emit('error', new StreamEnd('the server ended the stream'))
    hangUp(entity)
  })
  entity._end = async () => hangUp(entity)
  entity.on('stanza', onStanza)

  const destroy = (reason: StreamEnd) => {
    entity.emit('error', reason)
    entity.socket?.destroy()
  }
  const abort = () => destroy(new StreamEnd('we are stopping'))
  const timer = setTimeout(
    () => destroy(new StreamEnd(`no answer within ${options.componentConnectTimeoutMs} ms`)),
    options.componentConnectTimeoutMs,
  )
  signal.addEventListener('abort', abort, { once: true })
  try {
    if (signal.aborted) throw new StreamEnd('we are stopping')
    const online = once(entity, 'online')
    online.catch(() => {})
    const connecting = entity.connect(`xmpp://${host}:${port}`)
    entity.socket?.setKeepAlive(true, keepaliveDelayMs).setNoDelay(true)
    // Nothing settles the library's own promise when the socket is destroyed while it connects.
    await Promise.race([connecting, ended.promise.then(rethrow)])
    await Promise.race([entity.open({ domain }), ended.promise.then(rethrow)])
    await Promise.race([online, ended.promise.then(rethrow)])
  } catch (error) {
    const reason = asStreamEnd(error)
    destroy(reason)
    throw reason
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }

  return {
    ended: ended.promise,
    get heardAtMs() {
      return heardAtMs
    },
    async send(stanza) {
      if (!entity.socket?.writable) {
        throw new Failure('unavailable', `Cannot send a stanza as ${domain}: the component stream is down`)
      }
      await entity.send(stanza)
    },
    async close() {
      const { socket } = entity
      if (!socket) return
      const closed = new Promise((resolve) => socket.once('close', resolve))
      hangUp(entity)
      await closed
    },
    destroy,
  }
}

/**
 * Bytes the parser cannot take, that come after the server's footer, or that never make a stanza end this stream and
 * not the process.
 */
function survive(entity: Entity, onHeard: () => void): void {
  const read = entity._onData
  const refuse = (why: string, cause?: unknown) => entity.socket?.destroy(new StreamEnd(why, { cause }))
  let unfinishedBytes = 0
  entity.on('element', () => {
    unfinishedBytes = 0
  })
  entity._onData = (data) => {
    onHeard()
    try {
      unfinishedBytes += data.length
      read.call(entity, data)
    } catch (error) {
      refuse('the server sent something that is not XMPP', error)
    }
    if (unfinishedBytes > longestStanzaBytes)
      refuse(`the server sent a stanza of more than ${longestStanzaBytes} bytes`)
  }
}

/** Our footer and FIN; a server that does not follow is cut off. The library's own way would wait and leave timers. */
function hangUp(entity: Entity): void {
  const { socket } = entity
  if (!socket || socket.writableEnded) return
  socket.end(footer)
  const force = setTimeout(() => socket.destroy(), farewellMs)
  force.unref()
  socket.once('close', () => clearTimeout(force))
}

function asStreamEnd(error: unknown): StreamEnd {
  if (error instanceof StreamEnd) return error
  const detail = messageOf(error)
  const condition = (error as { condition?: unknown } | null)?.condition
  return new StreamEnd(detail, { cause: error, condition: typeof condition === 'string' ? condition : undefined })
}

function tooFar(host: string): StreamEnd {
  return new StreamEnd(`${host} has public addresses only`, { condition: 'public-address' })
}

function rethrow(reason: StreamEnd): never {
  throw reason
}
