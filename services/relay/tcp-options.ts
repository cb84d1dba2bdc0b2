import type { ServerOpts } from 'node:net'

/**
 * What every leg's socket is set to: the other direction stays open after a FIN, small segments leave at once, and
 * keepalive runs well below the 350 s after which cloud load balancers forget a silent connection. Buffer sizes are
 * left to the kernel: setting them switches its tuning off.
 */
export const tcpOptions = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
} as const satisfies ServerOpts
