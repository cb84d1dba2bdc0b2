import { Failure } from '../../shared/bytestream/failure.ts'
import { version } from '../../shared/runtime/version.ts'
import { dataForm, type FormField } from '../../shared/xmpp/data-form.ts'
import type { DiscoNodes } from '../../shared/xmpp/discovery.ts'
import { attribute, type Element, ns, xml } from '../../shared/xmpp/xml.ts'
import type { IqRoute } from '../component/router.ts'

export interface DiscoOptions {
  /** What clients show for the proxy. */
  readonly discoName: string
  /** Whether the software and its version are told (XEP-0232). */
  readonly discoSoftware: boolean
  /** Contact addresses, URIs, by their XEP-0157 fields; a field without any is left out. */
  readonly contactAbuse: readonly string[]
  readonly contactAdmin: readonly string[]
  readonly contactSupport: readonly string[]
}

const features = [ns.discoInfo, ns.discoItems, ns.bytestreams, ns.ping, ns.version, ns.lastActivity]

/** Answers service discovery (XEP-0030): who we are and what we serve. Items are found at nodes only. */
export function discoRoutes({ nodes }: { readonly nodes?: DiscoNodes | undefined }, options: DiscoOptions): IqRoute[] {
  const offered = [...features, ...(nodes?.features ?? [])]
  return [
    {
      kind: 'disco-info',
      type: 'get',
      name: 'query',
      namespace: ns.discoInfo,
      handle({ payload, requester }) {
        const node = attribute(payload, 'node')
        if (node !== undefined) return answerAt(node, ns.discoInfo, nodes?.info(node, requester))
        return xml(
          'query',
          { xmlns: ns.discoInfo },
          xml('identity', { category: 'proxy', type: 'bytestreams', name: options.discoName }),
          offered.map((feature) => xml('feature', { var: feature })),
          softwareForm(options),
          contactForm(options),
        )
      },
    },
    {
      kind: 'disco-items',
      type: 'get',
      name: 'query',
      namespace: ns.discoItems,
      handle({ payload, requester }) {
        const node = attribute(payload, 'node')
        if (node !== undefined) return answerAt(node, ns.discoItems, nodes?.items(node, requester))
        return xml('query', { xmlns: ns.discoItems })
      },
    },
  ]
}

/** The answer for a node repeats it (XEP-0030 §3.2). */
function answerAt(node: string, namespace: string, children: readonly Element[] | undefined): Element {
  if (children === undefined) throw new Failure('not-found', 'There is no such node')
  return xml('query', { xmlns: namespace, node }, children)
}

function softwareForm({ discoSoftware }: DiscoOptions): Element | undefined {
  if (!discoSoftware) return undefined
  const fields = [
    { name: 'software', values: ['splice65'] },
    { name: 'software_version', values: [version] },
  ]
  return dataForm('result', 'urn:xmpp:dataforms:softwareinfo', { fields })
}

function contactForm({ contactAbuse, contactAdmin, contactSupport }: DiscoOptions): Element | undefined {
  const addresses = (name: string, values: readonly string[]): FormField => ({ name, type: 'list-multi', values })
  const fields = [
    addresses('abuse-addresses', contactAbuse),
    addresses('admin-addresses', contactAdmin),
    addresses('support-addresses', contactSupport),
  ].filter(({ values }) => values?.length)
  return fields.length > 0 ? dataForm('result', 'http://jabber.org/network/serverinfo', { fields }) : undefined
}
