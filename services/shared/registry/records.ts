import { z } from 'zod'
import type { HalfRecord, RelayRecord } from './registry.ts'

// Fields that are not known belong to another version: they are ignored here, and kept where they are stored.

/** What records have meant so far. One that gives a field another meaning says so in `v`; one without it is of this version. */
const recordVersion = 1

const versioned = z.object({ v: z.union([z.number(), z.string()]) })

const half = z.object({ id: z.string(), relay: z.string(), replaceable: z.boolean() })

const relay = z.object({
  name: z.string(),
  rpcAddress: z.string(),
  streamhost: z.object({ host: z.string(), port: z.number() }).exactOptional(),
  load: z.number(),
  waiting: z.int().nonnegative().exactOptional(),
  draining: z.boolean(),
  version: z.string(),
  seal: z.object({ atMs: z.number(), mac: z.string() }).exactOptional(),
})

/** The records of the registry. */
export const recordKinds = ['half', 'relay'] as const
export type RecordKind = (typeof recordKinds)[number]

/** Why a record is refused: another version wrote it in a way of its own, or it is none. */
export const recordFaults = ['version', 'malformed'] as const
export type RecordFault = (typeof recordFaults)[number]

/** A record that this version cannot read. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord'
  readonly kind: RecordKind
  readonly fault: RecordFault

  constructor(kind: RecordKind, fault: RecordFault, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.kind = kind
    this.fault = fault
  }
}

/** Reads a stored half. Throws an `UnreadableRecord` when it is none of ours. */
export function parseHalf(json: string): HalfRecord {
  return read('half', half, json)
}

/** Reads a stored relay. Throws an `UnreadableRecord` when it is none of ours. */
export function parseRelay(json: string): RelayRecord {
  return read('relay', relay, json)
}

function read<T>(kind: RecordKind, schema: z.ZodType<T>, json: string): T {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    throw new UnreadableRecord(kind, 'malformed', `A ${kind} in it is no JSON`, { cause })
  }
  const version = versioned.safeParse(value).data?.v ?? recordVersion
  if (version !== recordVersion) {
    const ours = `this release reads version ${recordVersion}`
    throw new UnreadableRecord(kind, 'version', `A ${kind} in it is of record version ${version}; ${ours}`)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new UnreadableRecord(kind, 'malformed', `A ${kind} in it lacks what every ${kind} has`, { cause: parsed.error })
}
