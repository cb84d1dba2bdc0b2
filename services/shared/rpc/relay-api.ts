import type { ActivateRequest__Output } from './generated/splice65/relay/v1/ActivateRequest.ts'
import type { ActivateResponse__Output } from './generated/splice65/relay/v1/ActivateResponse.ts'
import type { DrainRequest__Output } from './generated/splice65/relay/v1/DrainRequest.ts'
import type { DrainResponse__Output } from './generated/splice65/relay/v1/DrainResponse.ts'
import type { EndBytestreamRequest__Output } from './generated/splice65/relay/v1/EndBytestreamRequest.ts'
import type { EndBytestreamResponse__Output } from './generated/splice65/relay/v1/EndBytestreamResponse.ts'
import type { FindHalvesRequest__Output } from './generated/splice65/relay/v1/FindHalvesRequest.ts'
import type { FindHalvesResponse__Output } from './generated/splice65/relay/v1/FindHalvesResponse.ts'
import type { HandoffRequest__Output } from './generated/splice65/relay/v1/HandoffRequest.ts'
import type { HandoffResponse__Output } from './generated/splice65/relay/v1/HandoffResponse.ts'
import type { ListBytestreamsRequest__Output } from './generated/splice65/relay/v1/ListBytestreamsRequest.ts'
import type { ListBytestreamsResponse__Output } from './generated/splice65/relay/v1/ListBytestreamsResponse.ts'

/** What every relay answers: `proto/splice65/relay/v1/relay.proto` as request and response pairs. */
export interface RelayMessages {
  activate: { request: ActivateRequest__Output; response: ActivateResponse__Output }
  handoff: { request: HandoffRequest__Output; response: HandoffResponse__Output }
  findHalves: { request: FindHalvesRequest__Output; response: FindHalvesResponse__Output }
  listBytestreams: { request: ListBytestreamsRequest__Output; response: ListBytestreamsResponse__Output }
  endBytestream: { request: EndBytestreamRequest__Output; response: EndBytestreamResponse__Output }
  drain: { request: DrainRequest__Output; response: DrainResponse__Output }
}

export type RelayMethod = keyof RelayMessages

/** The relay's side: checks its input, acts, answers or throws a `Failure`. */
export type RelayHandlers = {
  readonly [M in RelayMethod]: (request: RelayMessages[M]['request']) => Promise<RelayMessages[M]['response']>
}

/** One call of a relay, with its deadline. Throws a `Failure`. */
export type RelayCall<M extends RelayMethod> = (
  request: RelayMessages[M]['request'],
  options: { readonly timeoutMs: number },
) => Promise<RelayMessages[M]['response']>

/** A caller's side: every call of a relay. */
export type RelayCalls = { readonly [M in RelayMethod]: RelayCall<M> }
