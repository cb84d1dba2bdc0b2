import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { chown } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { startChild } from './child.ts'
import { temporaryFolder } from './folder.ts'
import { freePort } from './port.ts'
import { lineAppears } from './readiness.ts'
import { type Restartable, restartable } from './restartable.ts'
import { asUser, unprivilegedUser } from './unprivileged.ts'

/** A PostgreSQL on loopback. What is in it outlives a restart, and goes when it is stopped. */
export interface PostgresServer extends Restartable {
  readonly port: number
  /** Makes an empty database and gives its URL. */
  newDatabase(): Promise<string>
}

const run = promisify(execFile)

/** Debian keeps the server here, a folder for each release, and off the PATH. */
const debianFolder = '/usr/lib/postgresql'

/**
 * Starts PostgreSQL in a temporary folder, as durable as an installation is; as the user postgres, or nobody, when we are
 * root, which it refuses to be. Whoever starts it stops it.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const port = await freePort()
  const programs = programFolder()
  const folder = temporaryFolder('postgres')
  const data = folder.file('data')
  const user = unprivilegedUser('postgres')
  const command = (program: string, ...args: string[]) => {
    const [first = '', ...rest] = [...asUser(user), join(programs, program), ...args]
    return { command: first, args: rest }
  }
  const server = await restartable(
    async () => {
      if (!existsSync(data)) {
        if (user) await chown(folder.path, user.uid, user.gid)
        const initdb = command('initdb', '-D', data, '-U', 'splice65', '--auth=trust', '--encoding=UTF8', '--locale=C')
        await run(initdb.command, initdb.args, { cwd: folder.path })
      }
      return startChild({
        name: `PostgreSQL on port ${port}`,
        ...command('postgres', '-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', ''),
        cwd: folder.path,
        logFile: folder.file('postgres.log'),
        ready: lineAppears(/ready to accept connections/),
      })
    },
    () => folder.remove(),
  )
  const url = (database: string) => `postgresql://splice65@127.0.0.1:${port}/${database}`
  let databases = 0
  return Object.assign(server, {
    port,
    async newDatabase() {
      databases += 1
      const client = new pg.Client(url('postgres'))
      await client.connect()
      await client.query(`create database courier_${databases}`)
      await client.end()
      return url(`courier_${databases}`)
    },
  })
}

/** The newest release that is installed, or what is on the PATH. */
function programFolder(): string {
  const releases = existsSync(debianFolder) ? readdirSync(debianFolder).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...releases.map((release) => join(debianFolder, release, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  const found = folders.find((folder) => ['initdb', 'postgres'].every((program) => isProgram(join(folder, program))))
  if (found !== undefined) return found
  throw new Error('Cannot find PostgreSQL’s initdb and postgres: install the package postgresql')
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
