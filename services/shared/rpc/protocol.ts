import { fileURLToPath } from 'node:url'
import { loadSync } from '@grpc/proto-loader'
import type { ControlMessages } from './control-api.ts'
import type { RelayMessages } from './relay-api.ts'
import type { Messages, RpcService } from './service.ts'

const protos = fileURLToPath(new URL('../../../proto', import.meta.url))

const definitions = loadSync(['splice65/relay/v1/relay.proto', 'splice65/control/v1/control.proto'], {
  includeDirs: [protos],
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
})

/** What every relay serves. */
export const relayService = service<RelayMessages>('splice65.relay.v1.Relay')

/** What every control serves. */
export const controlService = service<ControlMessages>('splice65.control.v1.Control')

function service<M extends Messages>(name: string): RpcService<M> {
  const methods = Object.values(definitions[name] ?? {}).map((method) => [method.originalName, method])
  return Object.fromEntries(methods)
}
