import type { Socket } from 'node:net'
import { Failure, messageOf } from '../bytestream/failure.ts'

export interface SocketStreamOptions {
  /** How long no byte may move before the transfer is given up. Default 120 000. */
  readonly idleTimeoutMs?: number
  /** How long the other end may take to close after the last byte. Default 10 000. */
  readonly closeTimeoutMs?: number
  /** Sending: only a receiver that closes, and not before the last byte, has it all. Default false: some never close. */
  readonly mustClose?: boolean
  readonly signal?: AbortSignal
}

/**
 * Sends every chunk, then a FIN, then waits for the other end to close: only then has it read everything. Calls
 * `onSent` with the length of each chunk that was handed to the kernel. The socket is closed in the end, whatever
 * happened. A receiver that never closes is let be after `closeTimeoutMs`, unless it `mustClose`. Throws `unavailable`.
 */
export async function sendOverSocket(
  socket: Socket,
  chunks: AsyncIterable<Buffer>,
  onSent: (length: number) => void,
  { idleTimeoutMs = 120_000, closeTimeoutMs = 10_000, mustClose = false, signal }: SocketStreamOptions = {},
): Promise<void> {
  const watch = watchSocket(socket, idleTimeoutMs, signal)
  try {
    const closed = new Promise<void>((resolve) => {
      socket.once('end', resolve)
      socket.once('close', () => resolve())
    })
    socket.resume()
    for await (const chunk of chunks) {
      if (mustClose && socket.readableEnded)
        throw new Failure('unavailable', 'The receiver closed before the last byte')
      if (!socket.write(chunk)) await Promise.race([drained(socket), watch.broken])
      if (socket.destroyed) await watch.broken
      onSent(chunk.length)
    }
    await Promise.race([new Promise<void>((resolve) => socket.end(resolve)), watch.broken])
    const letBe = new Promise<void>((resolve, reject) => {
      const silent = new Failure(
        'unavailable',
        `The receiver did not close within ${closeTimeoutMs} ms of the last byte`,
      )
      watch.nowWithin(closeTimeoutMs, () => (mustClose ? reject(silent) : resolve()))
    })
    await Promise.race([closed, letBe, watch.broken])
  } finally {
    watch.end()
    socket.destroy()
  }
}

/**
 * The next `count` bytes of the socket; closes it when they have come and the other end has said FIN. When there are none
 * to come, only waits for the FIN: ours could overtake the activation. Throws
 * `unavailable` when the stream breaks or ends early, `over-limit` when there is more. The socket is closed in the end.
 */
export async function* receiveFromSocket(
  socket: Socket,
  count: number,
  { idleTimeoutMs = 120_000, closeTimeoutMs = 10_000, signal }: SocketStreamOptions = {},
): AsyncGenerator<Buffer, void> {
  const watch = watchSocket(socket, idleTimeoutMs, signal)
  let received = 0
  const finish = () => {
    socket.end()
    // A sender that neither sends more nor closes has sent what it offered.
    watch.nowWithin(closeTimeoutMs, () => socket.destroy())
  }
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      received += chunk.length
      if (received > count) throw new Failure('over-limit', `The stream has more than the ${count} bytes expected`)
      yield chunk
      if (received === count) finish()
    }
  } catch (error) {
    if (error instanceof Failure) throw error
    if (received < count) throw watch.reason() ?? brokenStream(error)
  } finally {
    watch.end()
    socket.destroy()
  }
  if (received < count) {
    throw watch.reason() ?? new Failure('unavailable', `The stream ended after ${received} of ${count} bytes`)
  }
}

/** Unlike `events.once`, leaves errors to the watch, which says them in our words. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('drain', resolve))
}

interface Watch {
  /** Rejects when the socket closes or errs; never resolves. */
  readonly broken: Promise<never>
  /** From now on silence is no fault: after `timeoutMs` of it, `onSilence` is called instead. */
  nowWithin(timeoutMs: number, onSilence: () => void): void
  /** Why we closed the socket ourselves, when we did. */
  reason(): unknown
  end(): void
}

function watchSocket(socket: Socket, idleTimeoutMs: number, signal?: AbortSignal): Watch {
  let reason: unknown
  const { promise: broken, reject } = Promise.withResolvers<never>()
  broken.catch(() => {})
  const giveUp = (why: unknown) => {
    reason ??= why
    reject(why)
    socket.destroy()
  }
  const onAbort = () => giveUp(signal?.reason)
  const onClose = () => reject(reason ?? brokenStream(socket.errored ?? new Error('the other end closed it')))
  const onIdle = () => giveUp(new Failure('unavailable', `No byte moved for ${idleTimeoutMs / 1000} s`))
  socket.setTimeout(idleTimeoutMs, onIdle)
  socket.on('close', onClose)
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  return {
    broken,
    nowWithin(timeoutMs, onSilence) {
      socket.off('timeout', onIdle)
      socket.setTimeout(timeoutMs, onSilence)
    },
    reason: () => reason,
    end() {
      socket.off('close', onClose)
      socket.off('timeout', onIdle)
      socket.setTimeout(0)
      signal?.removeEventListener('abort', onAbort)
    },
  }
}

function brokenStream(cause: unknown): Failure {
  const why = messageOf(cause)
  return new Failure('unavailable', `The bytestream broke: ${why}`, { cause })
}
