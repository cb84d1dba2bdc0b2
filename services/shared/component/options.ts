import { z } from 'zod'
import { Failure } from '../bytestream/failure.ts'
import { formatJid, parseJid } from '../bytestream/jid.ts'
import { environmentName, integer, list, orFault, port, secret } from '../runtime/options.ts'
import { isPublicAddress } from './nearby.ts'

/** A domain of XMPP, prepared. */
export const domain = z.string().transform((text, context) =>
  orFault(context, () => {
    const jid = parseJid(text)
    if (jid.local || jid.resource) throw new Failure('malformed', `Not a domain: ${JSON.stringify(text)}`)
    return jid.domain
  }),
)

/** Bare JIDs with a local part, prepared, separated by commas. */
export const bareJids = list()
  .transform((texts, context) =>
    orFault(context, () =>
      texts.map((text) => {
        const jid = parseJid(text)
        if (!jid.local || jid.resource) throw new Failure('malformed', `Not a bare JID: ${JSON.stringify(text)}`)
        return formatJid(jid)
      }),
    ),
  )
  .meta({ type: 'array', items: { type: 'string' } })

/** Options of whatever is a component, beside its `componentDomain`, which each service describes itself. */
export const componentOptions = {
  componentHost: z.string().default('localhost').describe('Where the XMPP server takes component connections.'),
  componentPort: port().default(5347).describe('Port of componentHost.'),
  componentInsecure: z
    .stringbool()
    .default(false)
    .describe(
      'Connect to a public address too, though XEP-0114 has no encryption; where something else encrypts the way.',
    ),
  componentSecret: secret(
    z
      .string()
      .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII: servers and libraries disagree about the bytes of all else')
      .describe('The secret shared with the XMPP server.'),
  ),
  componentConnectTimeoutMs: integer(1).default(10_000).describe('How long connecting to the XMPP server may take.'),
  componentRetryMs: integer(1)
    .default(500)
    .describe('Wait after the first loss of the XMPP server; doubles with every further one.'),
  componentRetryMaxMs: integer(1).default(15_000).describe('The longest that wait grows to.'),
  componentStandbyMs: integer(1)
    .default(1_000)
    .describe('Wait between attempts while another replica is connected; up to twice as long, by chance.'),
  componentMisconfiguredRetryMs: integer(1)
    .default(30_000)
    .describe('Wait after the XMPP server refused our name or secret.'),
  componentPingMs: integer(1).default(10_000).describe('How often the link to the XMPP server is tried.'),
  componentSilenceMs: integer(1).default(150_000).describe('A link on which nothing came for so long is dead.'),
}

interface Server {
  readonly componentHost: string
  readonly componentInsecure: boolean
}

/** The arguments of a `refine()` of a service's options: no component stream in clear text to a public address. */
export function encryptedOrNear(
  service: string,
): [check: (server: Server) => boolean, params: { path: string[]; message: string }] {
  const insecure = environmentName(service, 'componentInsecure')
  return [
    ({ componentHost, componentInsecure }) => componentInsecure || !isPublicAddress(componentHost),
    {
      path: ['componentHost'],
      message: `a public address, and component streams are not encrypted: give a private one, or set ${insecure} where something else encrypts the way`,
    },
  ]
}
