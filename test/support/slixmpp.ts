import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Child, startChild } from '../../deploy/local/child.ts'
import type { XmppServer } from '../../deploy/local/xmpp-server.ts'

/** One JSON line of a script. */
export interface SlixmppEvent {
  readonly event: string
  readonly [detail: string]: unknown
}

/** A slixmpp client in a process of its own. Whoever starts it stops it. */
export interface Slixmpp extends Child {
  /** The first event of this kind, told already or from now on. Throws when the process ends before. */
  waitForEvent(kind: string): Promise<SlixmppEvent>
}

export interface SlixmppAccount {
  readonly server: Pick<XmppServer, 'domain' | 'service'>
  readonly user: string
  readonly password: string
  /** A command that runs the client in another place. */
  readonly under?: readonly string[]
}

const scripts = fileURLToPath(new URL('./slixmpp/', import.meta.url))
// Debian's python3, where apt puts the module; the first on PATH elsewhere.
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'

/** Throws, saying what to install, when slixmpp is missing: its tests are never passed over in silence. */
export function requireSlixmpp(): void {
  if (spawnSync(python, ['-c', 'import slixmpp, aiohttp'], { stdio: 'ignore' }).status === 0) return
  throw new Error(
    `Cannot test with slixmpp: ${python} does not have it, or not aiohttp. Install them (apt-get install python3-slixmpp python3-aiohttp), or run npm test, which does.`,
  )
}

/** Logs in with the resource `slix` and sends one file. `s5b-all` offers every address of the proxy, not only the last. */
export function sendBySlixmpp(
  account: SlixmppAccount,
  args: {
    readonly to: string
    readonly file: string
    readonly method: 's5b' | 's5b-all' | 'ibb'
    readonly logFile: string
  },
): Promise<Slixmpp> {
  return start(account, 'send.py', [args.to, args.file, args.method], args.logFile)
}

/** Logs in with the resource `slix`, and resolves when it can be offered one file, which goes to `destination`. */
export function receiveBySlixmpp(
  account: SlixmppAccount,
  args: { readonly destination: string; readonly logFile: string },
): Promise<Slixmpp> {
  return start(account, 'receive.py', [args.destination], args.logFile, 'ready')
}

/** Logs in, lists the ad-hoc commands of a component, and runs the one of a node; `choice` is a part of the option to take. */
export function commandBySlixmpp(
  account: SlixmppAccount,
  args: { readonly component: string; readonly node?: string; readonly choice?: string; readonly logFile: string },
): Promise<Slixmpp> {
  return start(account, 'command.py', [args.component, args.node ?? '-', args.choice ?? ''], args.logFile)
}

/** Logs in with the resource `slix` and uploads one file to a service. */
export function uploadBySlixmpp(
  account: SlixmppAccount,
  args: { readonly service: string; readonly file: string; readonly logFile: string },
): Promise<Slixmpp> {
  return start(account, 'upload.py', [args.service, args.file], args.logFile)
}

async function start(
  { server, user, password, under = [] }: SlixmppAccount,
  script: string,
  args: readonly string[],
  logFile: string,
  until?: string,
): Promise<Slixmpp> {
  const { hostname, port } = new URL(server.service)
  const login = [`${user}@${server.domain}/slix`, password, hostname, port]
  const [command = python, ...rest] = [...under, python, '-B', `${scripts}${script}`, ...login, ...args]
  const child = await startChild({
    name: script,
    command,
    args: rest,
    logFile,
    ready: async (starting, signal) => {
      if (until) await starting.waitForLine((line) => parseEvent(line)?.event === until, signal)
    },
  })
  return {
    ...child,
    async waitForEvent(kind) {
      const line = await child.waitForLine((text) => parseEvent(text)?.event === kind)
      return parseEvent(line) ?? { event: kind }
    },
  }
}

function parseEvent(line: string): SlixmppEvent | undefined {
  // The rest is what Python and its libraries say.
  return line.startsWith('{"event"') ? JSON.parse(line) : undefined
}
