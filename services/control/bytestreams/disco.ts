import { Failure } from '../../shared/bytestream/failure.ts'
import { version } from '../../shared/runtime/version.ts'
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

/** Answers service discovery (XEP-0030): who we are and what we serve; there are no items and no nodes. */
export function discoRoutes(options: DiscoOptions): IqRoute[] {
  return [
    {
      kind: 'disco-info',
      type: 'get',
      name: 'query',
      namespace: ns.discoInfo,
      handle({ payload }) {
        refuseNodes(payload)
        return xml(
          'query',
          { xmlns: ns.discoInfo },
          xml('identity', { category: 'proxy', type: 'bytestreams', name: options.discoName }),
          features.map((feature) => xml('feature', { var: feature })),
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
      handle({ payload }) {
        refuseNodes(payload)
        return xml('query', { xmlns: ns.discoItems })
      },
    },
  ]
}

function refuseNodes(query: Element): void {
  const node = attribute(query, 'node')
  if (node !== undefined) throw new Failure('not-found', 'There is no such node')
}

function softwareForm({ discoSoftware }: DiscoOptions): Element | undefined {
  if (!discoSoftware) return undefined
  return form('urn:xmpp:dataforms:softwareinfo', [
    ['software', ['splice65']],
    ['software_version', [version]],
  ])
}

function contactForm({ contactAbuse, contactAdmin, contactSupport }: DiscoOptions): Element | undefined {
  const fields: Field[] = [
    ['abuse-addresses', contactAbuse],
    ['admin-addresses', contactAdmin],
    ['support-addresses', contactSupport],
  ]
  const given = fields.filter(([, values]) => values.length > 0)
  return given.length > 0 ? form('http://jabber.org/network/serverinfo', given, 'list-multi') : undefined
}

type Field = [name: string, values: readonly string[]]

/** A data form that describes (XEP-0128); `FORM_TYPE` says what. */
function form(formType: string, fields: readonly Field[], fieldType?: string): Element {
  const field = (name: string, values: readonly string[], type?: string) =>
    xml(
      'field',
      { var: name, type },
      values.map((value) => xml('value', {}, value)),
    )
  return xml(
    'x',
    { xmlns: ns.dataForm, type: 'result' },
    field('FORM_TYPE', [formType], 'hidden'),
    fields.map(([name, values]) => field(name, values, fieldType)),
  )
}
