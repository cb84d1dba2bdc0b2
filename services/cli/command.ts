import type { ReadStream, WriteStream } from 'node:tty'
import { type Command, InvalidArgumentError } from 'commander'
import { messageOf } from '../shared/bytestream/failure.ts'
import { formatJid, type Jid, parseJid } from '../shared/bytestream/jid.ts'
import type { Clock } from '../shared/runtime/clock.ts'
import type { Session } from '../shared/xmpp/session.ts'
import { connectAccount, readPassword } from './account.ts'
import type { Screen } from './progress.ts'
import { createReporter, type Reporter } from './reporter.ts'

/** What a command has of the process it runs in. */
export interface Surroundings {
  readonly stdout: Screen
  readonly stderr: Screen
  /** The same standard output, and standard input, for a view that is drawn anew. */
  readonly terminal: { readonly input: ReadStream; readonly output: WriteStream }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal
}

export interface AccountFlags {
  jid?: string
  passwordFile?: string
  service?: string
  plaintext?: boolean
}

export interface ReportFlags {
  json?: boolean
  trace?: boolean
}

/** The resource of `receive`, and the one a bare `--to` means. */
export const RECEIVER_RESOURCE = 'splice65'

/** Adds the options of a command that logs in. */
export function withAccount(command: Command): Command {
  return command
    .option('--jid <jid>', 'the account to log in with (SPLICE65_JID)')
    .option('--password-file <file>', 'file whose first line is the password (SPLICE65_PASSWORD_FILE)')
    .option('--service <uri>', 'where the server is: xmpp://host:port or xmpps://host:port; default: by DNS')
    .option('--plaintext', 'log in even where the server has no TLS')
}

/** Adds the options of a command that tells what it does. */
export function withReport(command: Command): Command {
  return command
    .option('--json', 'JSON lines on standard output instead of text')
    .option('--trace', 'tell each of the fifteen steps as it happens')
}

/** Runs a command's work: tells what it throws and closes what it opened, then throws it on for the exit code. */
export async function perform(
  { stdout, stderr, clock }: Surroundings,
  flags: ReportFlags,
  work: (reporter: Reporter, cleanup: AsyncDisposableStack) => Promise<void>,
): Promise<void> {
  const reporter = createReporter({ stdout, stderr, clock }, { json: flags.json ?? false, trace: flags.trace ?? false })
  try {
    await using cleanup = new AsyncDisposableStack()
    await work(reporter, cleanup)
  } catch (error) {
    reporter.failed(error)
    throw error
  }
}

/** Logs in as the flags or the environment say, until the cleanup; `resource` is used when the JID has none. */
export async function login(
  { env }: Surroundings,
  flags: AccountFlags,
  resource: string,
  warn: (text: string) => void,
  cleanup: AsyncDisposableStack,
): Promise<Session> {
  const text = flags.jid ?? env.SPLICE65_JID
  const file = flags.passwordFile ?? env.SPLICE65_PASSWORD_FILE
  if (!text) throw new InvalidArgumentError('No account: give --jid or SPLICE65_JID')
  if (!file) throw new InvalidArgumentError('No password: give --password-file or SPLICE65_PASSWORD_FILE')
  const asked: Jid = parseJidArgument(text)
  const jid = asked.resource ? asked : { ...asked, resource }
  const account = await connectAccount(
    {
      jid,
      password: await readPassword(file, warn),
      ...(flags.service && { service: flags.service }),
      ...(flags.plaintext && { plaintext: true }),
    },
    warn,
  )
  cleanup.defer(() => account.stop())
  return account.session
}

/** Reads a JID that the user gave; one that is none is a fault of the command line. */
export function parseJidArgument(text: string): Jid {
  try {
    return parseJid(text)
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error))
  }
}

/** For options that may be given several times. */
export function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value]
}

/** The same for JIDs. */
export function collectJid(text: string, earlier?: string[]): string[] {
  return collect(formatJid(parseJidArgument(text)), earlier)
}
