import { freePort } from './port.ts'
import type { Restartable } from './restartable.ts'

export interface Account {
  /** Localpart of the JID. */
  readonly user: string
  readonly password: string
}

/** An external component (XEP-0114) that the server will let in. */
export interface ComponentAccount {
  readonly domain: string
  readonly secret: string
}

/** The server's own XEP-0065 proxy: a peer of ours, for comparison. */
export interface BuiltInProxy {
  /** JID of the proxy. */
  readonly domain: string
  /** SOCKS5 port on loopback. */
  readonly port: number
}

export interface XmppServerOptions {
  /** The domain whose accounts these are. */
  readonly domain: string
  readonly accounts: readonly Account[]
  readonly components: readonly ComponentAccount[]
  /** Default: none. */
  readonly proxy65?: BuiltInProxy
  /**
   * Configuration in the server's own language, as an operator pastes it. Prosody reads it behind the global options and
   * before the hosts; ejabberd’s is merged into ours, lists at their end. It opens `componentPort` itself.
   */
  readonly pasted?: string
  /** Default: a free one. */
  readonly c2sPort?: number
  /** Where components connect. Default: a free one. */
  readonly componentPort?: number
}

/** Options whose ports are known. */
export type SettledOptions = XmppServerOptions & { readonly c2sPort: number; readonly componentPort: number }

/** A real XMPP server on loopback: clients log in without TLS, components are found by disco#items, accounts survive a restart. */
export interface XmppServer extends Restartable {
  readonly domain: string
  readonly c2sPort: number
  /** What a client is told to connect to: `xmpp://127.0.0.1:PORT`. */
  readonly service: string
  readonly componentPort: number
}

/** How long a client waits for each step of its login: the two seconds of the library are too few on a busy machine. */
export const loginStepMs = 20_000

/** The server that this process is. */
export function asXmppServer(server: Restartable, { domain, c2sPort, componentPort }: SettledOptions): XmppServer {
  return Object.assign(server, { domain, c2sPort, service: `xmpp://127.0.0.1:${c2sPort}`, componentPort })
}

/** The options with a free port wherever none is given. */
export async function settled(options: XmppServerOptions): Promise<SettledOptions> {
  const c2sPort = options.c2sPort ?? (await freePort())
  return { ...options, c2sPort, componentPort: options.componentPort ?? (await freePort()) }
}
