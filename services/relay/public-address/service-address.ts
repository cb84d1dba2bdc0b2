import { z } from 'zod'

const schema = z.object({
  spec: z.object({
    type: z.string().default('ClusterIP'),
    ports: z.array(z.object({ port: z.number(), nodePort: z.number().exactOptional() })).default([]),
  }),
  status: z.object({
    loadBalancer: z
      .object({
        ingress: z
          .array(z.object({ ip: z.string().exactOptional(), hostname: z.string().exactOptional() }))
          .default([]),
      })
      .default({ ingress: [] }),
  }),
})

/**
 * How a Service is reached from outside, by its first port: through its own load balancer, whose host is unknown while
 * it is made, or through a port of every node. Undefined when it cannot be reached from outside.
 */
export type ServiceAddress =
  | { readonly through: 'load balancer'; readonly host: string | undefined; readonly port: number }
  | { readonly through: 'node'; readonly port: number }

/** Reads a Service as the API gives it. */
export function serviceAddress(service: unknown): ServiceAddress | undefined {
  const { spec, status } = schema.parse(service)
  const [first] = spec.ports
  if (spec.type === 'LoadBalancer' && first) {
    const [ingress] = status.loadBalancer.ingress
    return { through: 'load balancer', host: ingress?.ip ?? ingress?.hostname, port: first.port }
  }
  if (spec.type === 'NodePort' && first?.nodePort) return { through: 'node', port: first.nodePort }
  return undefined
}
