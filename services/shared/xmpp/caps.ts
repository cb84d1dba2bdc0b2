import { createHash } from 'node:crypto'
import { type DiscoNodes, describeEntity, type EntityInfo } from './discovery.ts'
import { attribute, type Element, ns, xml } from './xml.ts'

/** What an entity says of itself in its presence, so that others need not ask (XEP-0115). */
export interface Capabilities {
  /** The `<c/>` of its presence. */
  readonly element: Element
  /** Answers who asks all the same what the hash stands for. */
  readonly nodes: DiscoNodes
}

/** Computes the capabilities of an entity. `software` is a URI that names what it runs. */
export function createCapabilities(info: EntityInfo, software: string): Capabilities {
  const children = describeEntity(info)
  const hash = verificationOf(children)
  return {
    element: xml('c', { xmlns: ns.caps, hash: 'sha-1', node: software, ver: hash }),
    nodes: {
      features: [ns.caps],
      info: (node) => (node === `${software}#${hash}` ? children : undefined),
      items: () => undefined,
    },
  }
}

/** The verification string of what answers disco#info (XEP-0115 §5.1), hashed by SHA-1 and in base64. */
export function verificationOf(children: readonly Element[]): string {
  const of = (name: string) => children.filter((child) => child.getName() === name)
  const identities = of('identity').map((identity) =>
    ['category', 'type', 'xml:lang', 'name'].map((name) => attribute(identity, name) ?? '').join('/'),
  )
  const features = of('feature').map((feature) => attribute(feature, 'var') ?? '')
  const forms = of('x').map(formText)
  const text = [...identities.sort(byOctets), ...features.sort(byOctets)].map((part) => `${part}<`).join('')
  return createHash('sha1')
    .update(text + forms.sort(byOctets).join(''))
    .digest('base64')
}

/** A form, beginning with its type, so that forms are ordered by that. */
function formText(form: Element): string {
  const fields = form.getChildren('field').map((field) => ({
    name: attribute(field, 'var') ?? '',
    values: field
      .getChildren('value')
      .map((value) => value.text())
      .sort(byOctets),
  }))
  const type = fields.find(({ name }) => name === 'FORM_TYPE')?.values ?? []
  const rest = fields.filter(({ name }) => name !== 'FORM_TYPE').sort((a, b) => byOctets(a.name, b.name))
  return [...type, ...rest.flatMap(({ name, values }) => [name, ...values])].map((part) => `${part}<`).join('')
}

/** The order of i;octet (RFC 4790 §9.3), which is not that of UTF-16. */
function byOctets(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
