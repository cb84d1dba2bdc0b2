import { Failure } from '../bytestream/failure.ts'
import { formatBareJid, formatJid, type Jid, parseJid } from '../bytestream/jid.ts'

/** Who may use the proxy. Deny wins over allow. */
export interface AdmissionOptions {
  readonly componentDomain: string
  /** JIDs and domains that may; empty: the component's parent domain and its subdomains. */
  readonly allow: readonly string[]
  /** JIDs and domains that may not. */
  readonly deny: readonly string[]
}

/** Says whether a JID is permitted. */
export type Admission = (requester: Jid) => boolean

type Rule = (jid: Jid) => boolean

/**
 * Builds the admission. A rule is a bare JID (all its resources), a full JID, a domain (everybody of exactly that
 * domain, and itself), `*.domain` (its subdomains) or `*` (everybody). Throws `malformed` for a rule that cannot be read, and for a
 * component without a parent domain when nobody is allowed by name.
 */
export function createAdmission({ componentDomain, allow, deny }: AdmissionOptions): Admission {
  const allowed = (allow.length > 0 ? allow : ownDomains(componentDomain)).map(readRule)
  const denied = deny.map(readRule)
  return (requester) => allowed.some((rule) => rule(requester)) && !denied.some((rule) => rule(requester))
}

/** `proxy.example.com` serves `example.com`. */
function ownDomains(componentDomain: string): string[] {
  const dot = componentDomain.indexOf('.')
  if (dot < 0) {
    throw new Failure('malformed', `Cannot tell whom ${componentDomain} serves: it has no parent domain, name them`)
  }
  const parent = componentDomain.slice(dot + 1)
  return [parent, `*.${parent}`]
}

function readRule(text: string): Rule {
  if (text === '*') return () => true
  if (text.startsWith('*.')) {
    const suffix = `.${readDomain(text.slice(2))}`
    return (jid) => jid.domain.endsWith(suffix)
  }
  const rule = parseJid(text)
  const wanted = formatJid(rule)
  if (rule.resource !== '') return (jid) => formatJid(jid) === wanted
  if (rule.local !== '') return (jid) => formatBareJid(jid) === wanted
  return (jid) => jid.domain === rule.domain
}

function readDomain(text: string): string {
  const { local, domain, resource } = parseJid(text)
  if (local !== '' || resource !== '') throw new Failure('malformed', `Not a domain: ${JSON.stringify(text)}`)
  return domain
}
