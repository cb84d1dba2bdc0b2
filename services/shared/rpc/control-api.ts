import type { ControlDefinition } from './generated/splice65/control/v1/Control.ts'
import type { Calls, Handlers, MessagesOf } from './service.ts'

/** What every control answers: `proto/splice65/control/v1/control.proto`. */
export type ControlMessages = MessagesOf<ControlDefinition>

export type ControlHandlers = Handlers<ControlMessages>

export type ControlCalls = Calls<ControlMessages>
