import { readFile } from 'node:fs/promises'
import { type ServiceError, status as Status } from '@grpc/grpc-js'
import { type Command, InvalidArgumentError } from 'commander'
import { Failure } from '../../shared/bytestream/failure.ts'
import { openRpcClient } from '../../shared/rpc/client.ts'
import type { ControlCalls } from '../../shared/rpc/control-api.ts'
import { controlService } from '../../shared/rpc/protocol.ts'
import { createLog } from '../../shared/runtime/log.ts'
import { openTlsIdentity } from '../../shared/runtime/tls-identity.ts'
import type { Surroundings } from '../command.ts'

export interface ControlFlags {
  control?: string
  tokenFile?: string
  json?: boolean
}

const DEFAULT_PORT = '6502'

/** How long control may take: it waits for its relays in turn. */
export const ANSWER = { timeoutMs: 10_000 }

/** Adds the options of a command that asks control. */
export function withControl(command: Command): Command {
  return command
    .option(
      '--control <host:port>',
      `gRPC of any control; default localhost:${DEFAULT_PORT} (CONTROL_RPC_PORT)`,
      parseAddress,
    )
    .option('--token-file <file>', 'file with its token (CONTROL_RPC_TOKEN_FILE, CONTROL_RPC_TOKEN)')
    .addHelpText(
      'after',
      `
Beside a control, in its environment, no option is needed: kubectl exec deploy/NAME-control -- splice65 ls
Where gRPC is mutual TLS, CONTROL_TLS_CERT_FILE, CONTROL_TLS_KEY_FILE and CONTROL_TLS_CA_FILE say who asks.`,
    )
}

/** Calls of control, until the cleanup. Their failures say in words of operators what to do. */
export async function openControl(
  { env }: Surroundings,
  flags: ControlFlags,
  cleanup: AsyncDisposableStack,
): Promise<ControlCalls> {
  const address = flags.control ?? `localhost:${env.CONTROL_RPC_PORT || DEFAULT_PORT}`
  const tokenFile = flags.tokenFile ?? (env.CONTROL_RPC_TOKEN_FILE || undefined)
  const rpcToken = tokenFile === undefined ? env.CONTROL_RPC_TOKEN : await readToken(tokenFile)
  const files = {
    tlsCertFile: env.CONTROL_TLS_CERT_FILE || undefined,
    tlsKeyFile: env.CONTROL_TLS_KEY_FILE || undefined,
    tlsCaFile: env.CONTROL_TLS_CA_FILE || undefined,
  }
  const log = createLog('cli', { pod: '', logLevel: 'silent' })
  const identity = cleanup.use(openTlsIdentity('control', files, { log }))
  const { calls } = cleanup.adopt(openRpcClient(controlService, address, { rpcToken, identity }), (it) => it.close())
  const explained = <Request, Response>(
    call: (request: Request, options: { timeoutMs: number }) => Promise<Response>,
  ) => {
    return async (request: Request, options: { timeoutMs: number }) => {
      try {
        return await call(request, options)
      } catch (error) {
        throw explain(error, { address, hasToken: Boolean(rpcToken), hasIdentity: identity !== undefined })
      }
    }
  }
  return {
    listRelays: explained(calls.listRelays),
    listBytestreams: explained(calls.listBytestreams),
    endBytestream: explained(calls.endBytestream),
    drain: explained(calls.drain),
    selfTest: explained(calls.selfTest),
  }
}

function parseAddress(text: string): string {
  if (!/^[^\s/]+:\d{1,5}$/.test(text)) throw new InvalidArgumentError('host:port, IPv6 in brackets')
  return text
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new Failure('not-found', `Cannot read the token file ${file}`, { cause })
  }
}

/** What control says in its own words as it stands; what gRPC says, with what an operator can do. */
export function explain(
  error: unknown,
  asked: { readonly address: string; readonly hasToken: boolean; readonly hasIdentity: boolean },
): unknown {
  if (!(error instanceof Failure)) return error
  const { code, details = '' } = (error.cause ?? {}) as Partial<ServiceError>
  if (code === Status.UNAUTHENTICATED) {
    const advice = asked.hasToken
      ? 'does not know this token: --token-file must name the one that CONTROL_RPC_TOKEN_FILE names there'
      : 'wants its token: give --token-file or CONTROL_RPC_TOKEN_FILE'
    return new Failure('forbidden', `Control at ${asked.address} ${advice}`, { cause: error })
  }
  // grpc-js itself says this much when nobody answers; control speaks of relays by "Cannot … at".
  const silent = code === Status.UNAVAILABLE || code === Status.DEADLINE_EXCEEDED
  if (silent && !details.startsWith('Cannot ')) {
    const why = details.replace(/ Resolution note: $/, '')
    const tls = asked.hasIdentity ? 'does it serve TLS' : 'does it want TLS (CONTROL_TLS_CERT_FILE and the others)'
    const advice = `Does it run there, listen for others (CONTROL_RPC_HOST, CONTROL_RPC_PORT), ${tls}?`
    return new Failure('unavailable', `Cannot reach control at ${asked.address}: ${why} ${advice}`, {
      cause: error,
    })
  }
  return new Failure(error.code, details || error.message, { cause: error })
}
