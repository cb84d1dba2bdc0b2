import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { startChild } from './child.ts'
import { type Folder, temporaryFolder } from './folder.ts'
import { portsAccept } from './readiness.ts'
import { restartable } from './restartable.ts'
import {
  type Account,
  asXmppServer,
  type SettledOptions,
  settled,
  type XmppServer,
  type XmppServerOptions,
} from './xmpp-server.ts'

/** Starts a Prosody of its own: configuration, accounts and data live in a temporary folder. Whoever starts it stops it. */
export async function startProsody(given: XmppServerOptions): Promise<XmppServer> {
  const options = await settled(given)
  const folder = temporaryFolder('prosody')
  const configFile = folder.file('prosody.cfg.lua')
  await writeFile(configFile, configuration(options, folder), { mode: 0o600 })
  // Prosody opens the port of components when it has some.
  const hasComponents = options.components.length > 0 || options.pasted !== undefined
  const ports = hasComponents ? [options.c2sPort, options.componentPort] : [options.c2sPort]
  for (const account of options.accounts) await writeAccount(account, options.domain, folder)

  const server = await restartable(
    () =>
      startChild({
        name: `Prosody for ${options.domain}`,
        command: 'prosody',
        args: ['-F', '--config', configFile],
        logFile: folder.file('prosody.log'),
        ready: portsAccept(ports),
      }),
    () => folder.remove(),
  )
  return asXmppServer(server, options)
}

function configuration(options: SettledOptions, folder: Folder) {
  const { domain, components, proxy65, pasted = '', c2sPort, componentPort } = options
  // Prosody lists components below the domain by itself.
  const others = components.filter((component) => !component.domain.endsWith(`.${domain}`))
  const items = others.map((component) => `{ ${lua(component.domain)}, "File transfer" };`)
  const blocks = components.map(
    (component) => `Component ${lua(component.domain)}\n  component_secret = ${lua(component.secret)}\n`,
  )
  if (proxy65) blocks.push(`Component ${lua(proxy65.domain)} "proxy65"\n  proxy65_address = "127.0.0.1"\n`)
  return `
daemonize = false
run_as_root = true
pidfile = ${lua(folder.file('prosody.pid'))}
data_path = ${lua(folder.file('data'))}
certificates = ${lua(folder.path)}
log = { { levels = { min = "info" }, to = "console" } }

interfaces = { "127.0.0.1" }
c2s_ports = { ${c2sPort} }
component_ports = { ${componentPort} }
component_interfaces = { "127.0.0.1" }
proxy65_ports = { ${proxy65?.port ?? ''} }

modules_enabled = {
  "roster", "saslauth", "disco", "ping", "presence", "message", "iq", "offline",
  "version", "time", "blocklist", "carbons", "pep",
}
modules_disabled = { "s2s", "s2s_auth_certs", "tls" }
limits = {}

authentication = "internal_plain"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
c2s_stanza_size_limit = 1048576
component_stanza_size_limit = 1048576

${pasted}

VirtualHost ${lua(domain)}
${items.length > 0 ? `  disco_items = { ${items.join(' ')} }` : ''}

${blocks.join('\n')}`
}

async function writeAccount({ user, password }: Account, domain: string, folder: Folder): Promise<void> {
  const file = folder.file(`data/${fileName(domain)}/accounts/${fileName(user)}.dat`)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `return { ["password"] = ${lua(password)}; };\n`, { mode: 0o600 })
}

/** A Lua string literal. Lua reads bytes, and knows them by decimal escapes. */
function lua(text: string): string {
  const escaped = Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/[^ !#-[\]-~]/g, (byte) => `\\${String(byte.charCodeAt(0)).padStart(3, '0')}`)
  return `"${escaped}"`
}

/** How Prosody's data manager names a file for a key. */
function fileName(key: string): string {
  return Buffer.from(key, 'utf8')
    .toString('latin1')
    .replace(/[^A-Za-z0-9]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
