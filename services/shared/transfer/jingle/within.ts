import { JingleFailure } from './ending.ts'

/** The promise, unless it takes too long or the signal aborts. Throws a `JingleFailure` with `late`, or the signal's reason. */
export async function within<Value>(
  promise: Promise<Value>,
  timeoutMs: number,
  late: string,
  signal: AbortSignal,
): Promise<Value> {
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  const timer = setTimeout(() => {
    reject(new JingleFailure('unavailable', `${late} within ${timeoutMs / 1000} s`, 'timeout'))
  }, timeoutMs)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, ended])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}
