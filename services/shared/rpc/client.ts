import { Client, connectivityState, Metadata } from '@grpc/grpc-js'
import type { FailureCode } from '../bytestream/failure.ts'
import type { TlsIdentity } from '../runtime/tls-identity.ts'
import { bearer } from './bearer.ts'
import { channelCredentials } from './credentials.ts'
import type { Calls, Messages, RpcService } from './service.ts'
import { fromStatus } from './status.ts'

/** A connection to one gRPC server, made when it is needed and again whenever it is lost. Whoever opens it closes it. */
export interface RpcClient<M extends Messages> {
  readonly calls: Calls<M>
  /** Begins to connect where there is no connection, so that the next call need not. */
  connect(): void
  /** Whether the last attempt to connect has failed: until it waits no longer to try again, calls fail at once. */
  isBackingOff(): boolean
  close(): void
}

/** Told of every call that has ended: `ok`, or the code of its failure. */
export type CallEnded = (method: string, outcome: 'ok' | FailureCode, seconds: number) => void

/** What a client shows. An identity stays its giver's to dispose of. */
export interface RpcClientOptions {
  /** Each call shows the first of these tokens, when there is one: see `tokensOf`. Looked at anew for every call. */
  readonly rpcToken?: string | undefined
  /** With one both ends show certificates of its authority. */
  readonly identity?: TlsIdentity | undefined
  readonly onCall?: CallEnded | undefined
}

/** Opens a client of the service at this host:port. */
export function openRpcClient<M extends Messages>(
  service: RpcService<M>,
  address: string,
  options: RpcClientOptions,
): RpcClient<M> {
  const { identity, onCall = () => {} } = options
  // The scheme is ours to say: gRPC knows others, and an address that begins with one would choose it.
  const client = new Client(`dns:///${address}`, channelCredentials(identity), {
    // Pods are reached as they are, whatever proxy the environment has for the world outside.
    'grpc.enable_http_proxy': 0,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    // A new client of an address tries at once, whatever another has found there.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5_000,
    // The bytestreams of a large fleet are one answer.
    'grpc.max_receive_message_length': 64 << 20,
    // TLS asks for a name, and the address of a pod is none (RFC 6066 §3).
    'grpc.ssl_target_name_override': 'splice65',
  })
  const metadata = () => {
    const shown = new Metadata()
    if (options.rpcToken) shown.set('authorization', bearer(options.rpcToken))
    return shown
  }

  // grpc-js may wait for a server's HTTP/2 SETTINGS for ever (grpc-node#2785): no call goes without a deadline.
  const call = <N extends keyof M & string>(name: N): Calls<M>[N] => {
    const { path, requestSerialize, responseDeserialize } = service[name]
    return (request, { timeoutMs }) => {
      const { promise, resolve, reject } = Promise.withResolvers<M[N]['response']>()
      const startedMs = performance.now()
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata(),
        { deadline: Date.now() + timeoutMs },
        (error, answer) => {
          const seconds = (performance.now() - startedMs) / 1_000
          if (error || answer === undefined) {
            const failure = fromStatus(error ?? {}, `Cannot ${name} at ${address}`)
            onCall(name, failure.code, seconds)
            reject(failure)
          } else {
            onCall(name, 'ok', seconds)
            resolve(answer)
          }
        },
      )
      return promise
    }
  }

  return {
    calls: Object.fromEntries(Object.keys(service).map((name) => [name, call(name)])) as Calls<M>,
    connect: () => void client.getChannel().getConnectivityState(true),
    isBackingOff: () => client.getChannel().getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE,
    close: () => client.close(),
  }
}
