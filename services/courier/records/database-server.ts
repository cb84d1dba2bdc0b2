import type { Dialect } from 'kysely'

/** A PostgreSQL, inside this process or elsewhere, before anything is asked of it. */
export interface DatabaseServer {
  readonly dialect: Dialect
  /** Nobody but this process uses it. */
  readonly alone: boolean
  /** Gives back what the dialect does not when it is destroyed. */
  close(): Promise<void>
}

/** PostgreSQL's number of the type `bigint`. Ours are all safe integers, and both clients must give them as numbers. */
export const int8 = 20
