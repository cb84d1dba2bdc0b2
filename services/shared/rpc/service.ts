import type { MethodDefinition } from '@grpc/grpc-js'

/** The calls of a gRPC service, by the names that code gives them: `listBytestreams`. */
export type Messages = { readonly [method: string]: { readonly request: object; readonly response: object } }

/** The calls of a service whose generated definition is `D`. */
export type MessagesOf<D> = {
  readonly [N in keyof D as string extends N ? never : Uncapitalize<N & string>]: D[N] extends {
    requestDeserialize(bytes: Buffer): infer Request extends object
    responseDeserialize(bytes: Buffer): infer Response extends object
  }
    ? { readonly request: Request; readonly response: Response }
    : never
}

/** A service as it goes over the wire, from its `.proto`. */
export type RpcService<M extends Messages> = {
  readonly [N in keyof M]: MethodDefinition<M[N]['request'], M[N]['response']>
}

/** The server's side: each checks its input, acts, answers or throws a `Failure`. */
export type Handlers<M extends Messages> = {
  readonly [N in keyof M]: (request: M[N]['request']) => Promise<M[N]['response']>
}

/** The client's side: every call of a service, with its deadline. Each throws a `Failure`. */
export type Calls<M extends Messages> = {
  readonly [N in keyof M]: (
    request: M[N]['request'],
    options: { readonly timeoutMs: number },
  ) => Promise<M[N]['response']>
}
