import { z } from 'zod'

const schema = z.object({
  status: z.object({ addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]) }),
})

/** The host at which the world outside a cluster reaches this node: its ExternalIP, or else its ExternalDNS. */
export function nodeAddress(node: unknown): string | undefined {
  const { addresses } = schema.parse(node).status
  const of = (type: string) => addresses.find((address) => address.type === type)?.address
  return of('ExternalIP') ?? of('ExternalDNS')
}
