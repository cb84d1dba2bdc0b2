import type { RelayDefinition } from './generated/splice65/relay/v1/Relay.ts'
import type { Calls, Handlers, MessagesOf } from './service.ts'

/** What every relay answers: `proto/splice65/relay/v1/relay.proto`. */
export type RelayMessages = MessagesOf<RelayDefinition>

export type RelayHandlers = Handlers<RelayMessages>

export type RelayCalls = Calls<RelayMessages>
