import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { startChild } from './child.ts'
import { temporaryFolder } from './folder.ts'
import { lineAppears } from './readiness.ts'
import { restartable } from './restartable.ts'
import { asXmppServer, type SettledOptions, settled, type XmppServer, type XmppServerOptions } from './xmpp-server.ts'

const readyLine = 'splice65: ejabberd is ready'

/**
 * Starts an ejabberd of its own, without epmd and without a distributed node: configuration, database and logs live in
 * a temporary folder, and it runs as this user. Whoever starts it stops it.
 */
export async function startEjabberd(given: XmppServerOptions): Promise<XmppServer> {
  const options = await settled(given)
  const libraries = await erlangLibraries()
  const folder = temporaryFolder('ejabberd')
  const configFile = folder.file('ejabberd.yml')
  // JSON is YAML.
  const settings = merged(configuration(options), parse(options.pasted ?? '{}'))
  await writeFile(configFile, JSON.stringify(settings, undefined, 2), { mode: 0o600 })
  // Erlang reads a script of expressions; passwords in it never show in the list of processes.
  const scriptFile = folder.file('start.erl')
  await writeFile(scriptFile, script(options), { mode: 0o600 })
  await mkdir(folder.file('database'))

  const server = await restartable(
    () =>
      startChild({
        name: `ejabberd for ${options.domain}`,
        command: 'erl',
        args: [
          '-noinput',
          ...['-mnesia', 'dir', JSON.stringify(folder.file('database'))],
          ...['-eval', `{ok, ready} = file:script(${JSON.stringify(scriptFile)}).`],
        ],
        cwd: folder.path,
        env: {
          PATH: process.env.PATH,
          HOME: folder.path,
          ERL_LIBS: libraries,
          ERL_CRASH_DUMP_BYTES: '0',
          EJABBERD_CONFIG_PATH: configFile,
          EJABBERD_LOG_PATH: folder.file('ejabberd-own.log'),
        },
        logFile: folder.file('ejabberd.log'),
        ready: lineAppears(new RegExp(readyLine)),
        readyTimeoutMs: 60_000,
      }),
    () => folder.remove(),
  )
  return asXmppServer(server, options)
}

function configuration({ domain, components, proxy65, pasted, c2sPort, componentPort }: SettledOptions) {
  const passwords = components.map((component) => [component.domain, { password: component.secret }] as const)
  const service = {
    port: componentPort,
    ip: '127.0.0.1',
    module: 'ejabberd_service',
    access: 'all',
    shaper_rule: 'none',
    // With global routes every component would be given the stanzas of every host of this listener.
    global_routes: false,
    hosts: Object.fromEntries(passwords),
  }
  return {
    hosts: [domain],
    loglevel: 'info',
    listen: [
      {
        port: c2sPort,
        ip: '127.0.0.1',
        module: 'ejabberd_c2s',
        starttls: false,
        max_stanza_size: 1_048_576,
        shaper: 'none',
        access: 'all',
      },
      ...(pasted === undefined ? [service] : []),
    ],
    auth_method: 'internal',
    disable_sasl_mechanisms: [],
    modules: {
      mod_disco: { extra_domains: components.map((component) => component.domain) },
      mod_ping: {},
      mod_roster: {},
      mod_version: {},
      mod_time: {},
      mod_blocking: {},
      mod_privacy: {},
      mod_carboncopy: {},
      mod_caps: {},
      mod_offline: {},
      ...(proxy65 && {
        mod_proxy65: { hosts: [proxy65.domain], ip: '127.0.0.1', hostname: '127.0.0.1', port: proxy65.port },
      }),
    },
  }
}

/** Both in one: objects key by key, lists one behind the other; of anything else the second. */
function merged(first: unknown, second: unknown): unknown {
  if (Array.isArray(first) && Array.isArray(second)) return [...first, ...second]
  if (!isObject(first) || !isObject(second)) return second
  const both = Object.entries(second).map(([key, value]) => [key, key in first ? merged(first[key], value) : value])
  return { ...first, ...Object.fromEntries(both) }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function script({ domain, accounts }: XmppServerOptions): string {
  const registrations = accounts.map(
    ({ user, password }) =>
      `case ejabberd_auth:try_register(${erlang(user)}, ${erlang(domain)}, ${erlang(password)}) of ok -> ok; {error, exists} -> ok end,`,
  )
  return [
    '{ok, _} = application:ensure_all_started(ejabberd),',
    ...registrations,
    `io:format("${readyLine}~n"),`,
    'ready.\n',
  ].join('\n')
}

/** An Erlang binary of the text's bytes. */
function erlang(text: string): string {
  return `<<${[...Buffer.from(text, 'utf8')].join(',')}>>`
}

/** The folder that holds ejabberd and the Erlang libraries it was packaged with. Throws when there is none. */
async function erlangLibraries(): Promise<string> {
  const candidates = ['/usr/lib', '/usr/local/lib', '/opt/homebrew/lib']
  for (const parent of candidates) {
    const triplets = await subfolders(parent)
    for (const folder of [parent, ...triplets.map((name) => `${parent}/${name}`)]) {
      const libraries = await subfolders(folder)
      if (libraries.some((name) => name.startsWith('ejabberd-'))) return folder
    }
  }
  throw new Error(`Cannot start ejabberd: no ejabberd-* folder below ${candidates.join(', ')}`)
}

async function subfolders(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  } catch {
    return []
  }
}
