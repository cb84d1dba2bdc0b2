import { CommanderError } from 'commander'
import { Failure, type FailureCode } from '../shared/bytestream/failure.ts'
import { StanzaError, type StanzaErrorCondition } from '../shared/xmpp/stanza-error.ts'

/** What the command's exit code says. */
export const exitCodes = {
  ok: 0,
  internal: 1,
  usage: 2,
  'not-found': 3,
  forbidden: 4,
  unavailable: 5,
  'over-limit': 6,
  malformed: 7,
  'not-ready': 8,
  taken: 9,
  interrupted: 130,
} as const satisfies Record<FailureCode | 'ok' | 'usage' | 'interrupted', number>

/** The table for `--help`. */
export const exitCodeHelp = `
Exit codes:
  0    done
  1    a fault of the program or a service's options, or a self-test that did not pass
  2    the command line is wrong
  3    no such file, account, proxy, relay or bytestream, or the other end knows no common way
  4    refused: by the other end, the proxy, the server or a rule
  5    something cannot be reached, did not answer in time, or the stream broke
  6    too large, or too many
  7    the other end said something that cannot be understood
  8    the other half of the bytestream is not connected
  9    the name or the place is taken
  130  interrupted
`

const conditions: Partial<Record<StanzaErrorCondition, FailureCode>> = {
  'bad-request': 'malformed',
  'jid-malformed': 'malformed',
  conflict: 'taken',
  'feature-not-implemented': 'not-found',
  forbidden: 'forbidden',
  'item-not-found': 'not-found',
  'not-acceptable': 'forbidden',
  'not-allowed': 'not-ready',
  'not-authorized': 'forbidden',
  'policy-violation': 'forbidden',
  'recipient-unavailable': 'not-found',
  'remote-server-not-found': 'not-found',
  'remote-server-timeout': 'unavailable',
  'resource-constraint': 'over-limit',
  'service-unavailable': 'not-found',
}

/** The exit code for whatever a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (error instanceof Failure) return exitCodes[error.code]
  if (error instanceof StanzaError) return exitCodes[conditions[error.condition] ?? 'unavailable']
  return exitCodes.internal
}
