import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Child } from './child.ts'

/** Resolves once a child can be used; gives up by throwing when the signal aborts. */
export type Readiness = (child: Child, signal: AbortSignal) => Promise<void>

const retryAfterMs = 25

/** Ready when every one of these ports accepts a connection. */
export function portsAccept(ports: readonly number[], host = '127.0.0.1'): Readiness {
  return async (_child, signal) => {
    for (const port of ports) await retry(() => accepts(port, host), signal)
  }
}

/** Ready when the child has written a line that matches. */
export function lineAppears(pattern: RegExp): Readiness {
  return async (child, signal) => {
    await child.waitForLine((line) => pattern.test(line), signal)
  }
}

/** Ready when a GET of `url` is answered with 200. */
export function answersOk(url: string): Readiness {
  return (_child, signal) =>
    retry(async () => {
      try {
        const response = await fetch(url, { signal })
        await response.body?.cancel()
        return response.status === 200
      } catch {
        return false
      }
    }, signal)
}

async function retry(attempt: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await attempt())) await delay(retryAfterMs, undefined, { signal })
}

function accepts(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host })
    socket.once('connect', () => socket.destroy())
    socket.once('error', () => resolve(false))
    socket.once('close', (hadError) => resolve(!hadError))
  })
}
