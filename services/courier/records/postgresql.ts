import { CompiledQuery, PostgresDialect } from 'kysely'
import pg from 'pg'
import { type DatabaseServer, int8 } from './database-server.ts'

const connectTimeoutMs = 5_000
/** No statement of ours takes long; one that does waits for a lock that nobody gives back, or for a dead server. */
const statementTimeoutMs = 15_000

const durable = `select set_config('synchronous_commit', 'on', false)
  where current_setting('synchronous_commit') in ('off', 'local')`

/** Opens a pool of connections to a PostgreSQL server; none is made before it is needed. */
export function openPostgresql(url: string): DatabaseServer {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'splice65-courier',
    max: 10,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        oid === int8 ? Number : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
    },
  })
  // Of a connection that is idle: the next query takes another one, and fails itself where there is none.
  pool.on('error', () => {})
  return {
    dialect: new PostgresDialect({
      pool,
      // A server may be set to answer before a commit is on its disk. `remote_apply` and its like stay.
      async onCreateConnection(connection) {
        await connection.executeQuery(CompiledQuery.raw(durable))
      },
    }),
    alone: false,
    close: async () => {},
  }
}
