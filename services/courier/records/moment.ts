import { type RawBuilder, sql } from 'kysely'

/** Now, by the clock of the database: the only one that all replicas share. Inside a transaction it goes on. */
export const now: RawBuilder<Date> = sql<Date>`clock_timestamp()`

/** So many milliseconds from now; negative is before. */
export const fromNow = (ms: number): RawBuilder<Date> =>
  sql<Date>`clock_timestamp() + ${ms}::float8 * interval '1 millisecond'`
