import { asFailure, Failure } from '../bytestream/failure.ts'
import type { Jid } from '../bytestream/jid.ts'
import { readSubmission } from '../xmpp/data-form.ts'
import { StanzaError } from '../xmpp/stanza-error.ts'
import { attribute, type Element, ns } from '../xmpp/xml.ts'
import type { Command, CommandForm, CommandResult, Entries, MayUse } from './command.ts'
import { CommandAnswer } from './command-answer.ts'
import { badRequest, forbidden } from './refusals.ts'
import type { CommandSessions } from './sessions.ts'

/** A command that has been carried out, or could not be. */
export interface EndedCommand {
  readonly node: string
  /** Who gave it. */
  readonly by: Jid
  readonly entries: Entries
  /** Why it could not be done; absent when it was. */
  readonly failure?: Failure
}

/** A request for a command, as it came. */
export interface CommandRequest {
  /** Who asks, exactly as the server stamped it. */
  readonly from: string
  /** The same, prepared. */
  readonly requester: Jid
  readonly payload: Element
}

export interface CommandParts {
  readonly commands: readonly Command[]
  /** Decided anew at every request. */
  readonly mayUse: MayUse
  readonly sessions: CommandSessions
  readonly events: { commandEnded(ended: EndedCommand): void }
}

const actions = ['execute', 'cancel', 'prev', 'next', 'complete'] as const
type Action = (typeof actions)[number]

/** What a request wants of a command. */
type Wish = { readonly wants: 'form' | 'cancel' } | { readonly wants: 'run'; readonly entries: Entries }

/**
 * Answers ad-hoc commands (XEP-0050 §2.4). Who may is decided anew at every request. A command that could not be done is
 * completed, with an error note that says why (§3.6); only what is asked wrongly is refused.
 */
export function commandHandler({
  commands,
  mayUse,
  sessions,
  events,
}: CommandParts): (request: CommandRequest) => Promise<Element> {
  return async ({ payload, from, requester }) => {
    const permitted = commands.filter((command) => mayUse(requester, command))
    if (permitted.length === 0) throw forbidden()
    const command = permitted.find(({ node }) => node === attribute(payload, 'node'))
    if (!command) throw new StanzaError({ condition: 'item-not-found', text: 'There is no such command' })
    const owner = { from, node: command.node }
    const sessionId = attribute(payload, 'sessionid') || undefined
    if (sessionId !== undefined) sessions.check(sessionId, owner)
    const wish = readWish(command, payload, sessionId !== undefined)
    const answer = new CommandAnswer(command, sessionId ?? sessions.begin(owner))
    try {
      return await fulfil(wish, command, { answer, by: requester })
    } catch (error) {
      if (error instanceof Failure) return answer.failed(error)
      throw error
    }
  }

  async function fulfil(
    wish: Wish,
    command: Command,
    { answer, by }: { readonly answer: CommandAnswer; readonly by: Jid },
  ): Promise<Element> {
    if (wish.wants === 'cancel') return answer.canceled()
    if (wish.wants === 'run') return answer.completed(await carryOut(command, wish.entries, by))
    if (!command.form) return answer.completed(await carryOut(command, {}, by))
    const form = await command.form.make(by)
    return 'end' in form ? answer.completed(form.end) : answer.asks(form.ask)
  }

  async function carryOut(command: Command, entries: Entries, by: Jid): Promise<CommandResult> {
    const about = { node: command.node, by, entries }
    try {
      const result = await command.run(entries, by)
      events.commandEnded(about)
      return result
    } catch (error) {
      events.commandEnded({ ...about, failure: asFailure(error, `Cannot carry out ${command.node}`) })
      throw error
    }
  }
}

/** What a request comes to (XEP-0050 §3.4): the first one of a session, or one that answers a form. */
function readWish({ form }: Command, payload: Element, inSession: boolean): Wish {
  const action = readAction(payload)
  if (!inSession) {
    if (action === 'execute') return { wants: 'form' }
    throw badRequest('bad-sessionid', 'An action needs the session that it belongs to')
  }
  if (action === 'cancel') return { wants: 'cancel' }
  if (!form) throw badRequest('bad-sessionid', 'That session is over')
  if (action === 'next' || action === 'prev') throw badRequest('bad-action', 'The command has this one stage')
  return { wants: 'run', entries: readEntries(payload, form) }
}

function readAction(payload: Element): Action {
  const text = attribute(payload, 'action') ?? 'execute'
  const action = actions.find((known) => known === text)
  if (!action) throw badRequest('malformed-action', 'There is no such action')
  return action
}

/** The fields that the form asks for; what else was submitted is ignored. */
function readEntries(payload: Element, { asks }: CommandForm): Entries {
  const form = payload.getChildElements().find((child) => child.is('x', ns.dataForm))
  const submitted = form && readSubmission(form)
  if (!submitted) throw badRequest('bad-payload', 'There is no submitted data form')
  return Object.fromEntries(
    asks.map((name) => {
      const [value, ...more] = submitted.get(name) ?? []
      if (!value || more.length > 0) throw badRequest('bad-payload', `The field ${name} needs one value`)
      return [name, value]
    }),
  )
}
