import { Failure } from '../../shared/bytestream/failure.ts'
import { parseHost } from '../../shared/bytestream/host.ts'
import type { Admission } from '../../shared/component/admission.ts'
import type { RelayRecord } from '../../shared/registry/registry.ts'
import { attribute, ns, xml } from '../../shared/xmpp/xml.ts'
import type { IqRoute } from '../component/router.ts'
import type { Directory } from '../directory.ts'

/** An address clients are told to dial. */
export interface Streamhost {
  /** Resource of its JID; empty for the component's own. It names the room its connections meet in. */
  readonly name: string
  /** As `parseHost` gives it: IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

export interface StreamhostOptions {
  readonly componentDomain: string
  /** Addresses behind which any relay may answer. */
  readonly streamhosts: readonly Streamhost[]
  /** `per-pod`: relays' own addresses come before the shared ones. */
  readonly streamhostMode: 'shared' | 'per-pod'
  /** How many relays' own addresses are told at most. */
  readonly perPodStreamhosts: number
}

/** The streamhosts to tell now, best first. */
export function advertised(directory: Directory, options: StreamhostOptions): Streamhost[] {
  if (directory.noneAlive()) return []
  const own = options.streamhostMode === 'per-pod' ? leastLoaded(directory.alive(), options.perPodStreamhosts) : []
  return [...own, ...options.streamhosts]
}

/** Every address that a client may be told, now or when the load is another. */
export function allAddresses(directory: Directory, options: StreamhostOptions): Streamhost[] {
  const own = options.streamhostMode === 'per-pod' ? leastLoaded(directory.alive(), Number.POSITIVE_INFINITY) : []
  return [...own, ...options.streamhosts]
}

/** The names of all streamhosts that clients may have been told of, the component's own among them. */
export function streamhostNames(directory: Directory, options: StreamhostOptions): string[] {
  const own = options.streamhostMode === 'per-pod' ? directory.alive().filter(({ streamhost }) => streamhost) : []
  return [...options.streamhosts, ...own].map(({ name }) => name)
}

function leastLoaded(relays: readonly RelayRecord[], count: number): Streamhost[] {
  return relays
    .filter((relay) => !relay.draining)
    .sort((a, b) => a.load - b.load)
    .flatMap(({ name, streamhost }) => (streamhost ? [{ ...streamhost, name }] : []))
    .slice(0, count)
}

/** Answers the address query (XEP-0065 §4). */
export function addressRoute(
  { directory, admits }: { readonly directory: Directory; readonly admits: Admission },
  options: StreamhostOptions,
): IqRoute {
  return {
    kind: 'address',
    type: 'get',
    name: 'query',
    namespace: ns.bytestreams,
    handle({ requester, payload }) {
      if (!admits(requester)) throw new Failure('forbidden', 'Cannot tell a streamhost: you may not use this proxy')
      const streamhosts = advertised(directory, options)
      if (streamhosts.length === 0) throw new Failure('not-ready', 'Cannot tell a streamhost: no relay is there')
      return xml(
        'query',
        // Clients older than XEP-0065 1.8 send a SID, and look for it in the answer.
        { xmlns: ns.bytestreams, sid: attribute(payload, 'sid') },
        streamhosts.map(({ name, host, port }) =>
          xml('streamhost', { jid: streamhostJid(options.componentDomain, name), host, port }),
        ),
      )
    },
  }
}

/** The JID of a streamhost: the component itself, or a resource of it. */
export function streamhostJid(componentDomain: string, name: string): string {
  return name === '' ? componentDomain : `${componentDomain}/${name}`
}

/**
 * Reads one `[name=]host:port`, an IPv6 address in brackets. Throws `malformed`.
 */
export function parseStreamhost(text: string): Streamhost {
  const match = /^(?:([A-Za-z0-9._-]+)=)?(\[[0-9A-Fa-f:.]+\]|[^:[\]\s/@]+):(\d{1,5})$/.exec(text)
  const [, name = '', host = '', digits = ''] = match ?? []
  const port = Number(digits)
  if (!match || port < 1 || port > 65_535) {
    throw new Failure('malformed', `Not a streamhost, it must be [name=]host:port: ${JSON.stringify(text)}`)
  }
  return { name, host: parseHost(host), port }
}

/** Reads several; their names and their addresses must differ. Throws `malformed`. */
export function parseStreamhosts(texts: readonly string[]): Streamhost[] {
  const streamhosts = texts.map(parseStreamhost)
  const repeated = (keys: readonly string[]) => keys.find((key, index) => keys.indexOf(key) !== index)
  const name = repeated(streamhosts.map((streamhost) => streamhost.name))
  if (name === '') throw new Failure('malformed', 'only one streamhost may go without a name')
  if (name !== undefined) throw new Failure('malformed', `two streamhosts are named ${name}`)
  const address = repeated(streamhosts.map(({ host, port }) => `${host} port ${port}`))
  if (address !== undefined) throw new Failure('malformed', `two streamhosts are ${address}`)
  return streamhosts
}
