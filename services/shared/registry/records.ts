import { z } from 'zod'
import type { HalfRecord, RelayRecord } from './registry.ts'

// Unknown fields belong to another version: they are ignored.

const half = z.object({ id: z.string(), relay: z.string(), replaceable: z.boolean() })

const relay = z.object({
  name: z.string(),
  rpcAddress: z.string(),
  streamhost: z.object({ host: z.string(), port: z.number() }).exactOptional(),
  load: z.number(),
  draining: z.boolean(),
  version: z.string(),
  seal: z.object({ atMs: z.number(), mac: z.string() }).exactOptional(),
})

/** Reads a stored half. Throws when it is none. */
export function parseHalf(json: string): HalfRecord {
  return half.parse(JSON.parse(json))
}

/** Reads a stored relay; undefined when it is none. */
export function parseRelay(json: string): RelayRecord | undefined {
  try {
    return relay.parse(JSON.parse(json))
  } catch {
    return undefined
  }
}
