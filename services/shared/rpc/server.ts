import { type handleUnaryCall, Server, status as Status } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import { asFailure } from '../bytestream/failure.ts'
import { formatHostPort } from '../bytestream/host.ts'
import type { Logger } from '../runtime/log.ts'
import type { TlsIdentity } from '../runtime/tls-identity.ts'
import { carries } from './bearer.ts'
import { serverCredentials } from './credentials.ts'
import type { Handlers, Messages, RpcService } from './service.ts'
import { toStatus } from './status.ts'

/** A gRPC server that runs. */
export interface RpcServer {
  /** The port it listens on. */
  readonly port: number
  /** What `grpc.health.v1.Health` says from now on. */
  setServing(serving: boolean): void
  stop(): Promise<void>
}

/**
 * Serves the calls of one service and `grpc.health.v1.Health` beside them. With a token every call must carry it, or one
 * of them where there are several (see `tokensOf`); `config` is asked for it anew with every call. Without one the
 * caller of this function answers for who can reach the port. With an identity both ends show certificates of its
 * authority. Failures leave as gRPC statuses, anything else as INTERNAL, logged with its stack.
 */
export async function serveRpc<M extends Messages>(
  parts: {
    readonly service: RpcService<M>
    readonly handlers: Handlers<M>
    readonly log: Logger
    readonly identity?: TlsIdentity | undefined
  },
  config: { readonly rpcHost: string; readonly rpcPort: number; readonly rpcToken?: string | undefined },
): Promise<RpcServer> {
  const { service, handlers, log, identity } = parts

  const unary =
    <N extends keyof M & string>(method: N): handleUnaryCall<M[N]['request'], M[N]['response']> =>
    async (call, respond) => {
      const [authorization] = call.metadata.get('authorization')
      if (config.rpcToken && !carries(config.rpcToken, authorization?.toString())) {
        respond({ code: Status.UNAUTHENTICATED, details: `${method} needs the shared RPC token` })
        return
      }
      try {
        respond(null, await handlers[method](call.request))
      } catch (error) {
        const failure = asFailure(error, `Cannot ${method}`)
        if (failure.code === 'internal') log.error({ err: error, method }, 'an RPC failed unexpectedly')
        respond(toStatus(failure))
      }
    }

  const server = new Server({ 'grpc.max_receive_message_length': 1 << 20 })
  server.addService(service, Object.fromEntries(Object.keys(service).map((method) => [method, unary(method)])))
  const health = new HealthImplementation({ '': 'SERVING' })
  health.addToServer(server)

  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(formatHostPort(config.rpcHost, config.rpcPort), serverCredentials(identity), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  return {
    port,
    setServing: (serving) => health.setStatus('', serving ? 'SERVING' : 'NOT_SERVING'),
    stop: () =>
      new Promise((resolve) => {
        server.tryShutdown(() => resolve())
        server.forceShutdown()
      }),
  }
}
