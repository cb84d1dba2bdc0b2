import type { Jid } from '../bytestream/jid.ts'
import type { DiscoNodes } from '../xmpp/discovery.ts'
import { ns, xml } from '../xmpp/xml.ts'
import type { Command, MayUse } from './command.ts'
import { forbidden } from './refusals.ts'

/** Shows the commands to those who may use them (XEP-0050 §2.2); to others there are none. */
export function commandNodes(
  { commands, mayUse }: { readonly commands: readonly Command[]; readonly mayUse: MayUse },
  { componentDomain }: { readonly componentDomain: string },
): DiscoNodes {
  const permitted = (jid: Jid) => commands.filter((command) => mayUse(jid, command))
  const find = (node: string) => commands.find((command) => command.node === node)
  return {
    features: [ns.commands],
    info(node, requester) {
      const command = find(node)
      if (node !== ns.commands && !command) return undefined
      if (command ? !mayUse(requester, command) : permitted(requester).length === 0) throw forbidden()
      const type = command ? 'command-node' : 'command-list'
      const features = command ? [ns.commands, ns.dataForm] : [ns.commands]
      return [
        xml('identity', { category: 'automation', type, name: command?.name ?? 'Commands' }),
        ...features.map((feature) => xml('feature', { var: feature })),
      ]
    },
    items(node, requester) {
      if (find(node)) return []
      if (node !== ns.commands) return undefined
      return permitted(requester).map(({ node: itsNode, name }) =>
        xml('item', { jid: componentDomain, node: itsNode, name }),
      )
    },
  }
}
