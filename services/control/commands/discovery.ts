import type { Jid } from '../../shared/bytestream/jid.ts'
import { ns, xml } from '../../shared/xmpp/xml.ts'
import type { DiscoNodes } from '../bytestreams/disco.ts'
import type { Command } from './command.ts'
import { forbidden } from './refusals.ts'

/** Shows the commands to those who may use them (XEP-0050 §2.2); to others there are none. */
export function commandNodes(
  { commands, isAdmin }: { readonly commands: readonly Command[]; readonly isAdmin: (jid: Jid) => boolean },
  { componentDomain }: { readonly componentDomain: string },
): DiscoNodes {
  const find = (node: string) => commands.find((command) => command.node === node)
  return {
    features: [ns.commands],
    info(node, requester) {
      const command = find(node)
      if (node !== ns.commands && !command) return undefined
      if (!isAdmin(requester)) throw forbidden()
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
      if (!isAdmin(requester)) return []
      return commands.map(({ node: itsNode, name }) => xml('item', { jid: componentDomain, node: itsNode, name }))
    },
  }
}
