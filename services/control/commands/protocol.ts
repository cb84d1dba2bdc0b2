import { asFailure, Failure } from '../../shared/bytestream/failure.ts'
import type { Jid } from '../../shared/bytestream/jid.ts'
import { readSubmission } from '../../shared/xmpp/data-form.ts'
import { StanzaError } from '../../shared/xmpp/stanza-error.ts'
import { attribute, type Element, ns } from '../../shared/xmpp/xml.ts'
import type { IqRoute } from '../component/router.ts'
import type { Command, CommandForm, CommandResult, Entries } from './command.ts'
import { CommandAnswer } from './command-answer.ts'
import { badRequest, forbidden } from './refusals.ts'
import type { CommandSessions } from './sessions.ts'

/** A command that has been carried out, or could not be. */
export interface EndedCommand {
  readonly node: string
  readonly admin: Jid
  readonly entries: Entries
  /** Why it could not be done; absent when it was. */
  readonly failure?: Failure
}

export interface CommandRouteParts {
  readonly commands: readonly Command[]
  readonly isAdmin: (jid: Jid) => boolean
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
export function commandRoute({ commands, isAdmin, sessions, events }: CommandRouteParts): IqRoute {
  return {
    kind: 'command',
    type: 'set',
    name: 'command',
    namespace: ns.commands,
    async handle({ payload, from, requester }) {
      if (!isAdmin(requester)) throw forbidden()
      const command = commands.find(({ node }) => node === attribute(payload, 'node'))
      if (!command) throw new StanzaError({ condition: 'item-not-found', text: 'There is no such command' })
      const owner = { from, node: command.node }
      const sessionId = attribute(payload, 'sessionid') || undefined
      if (sessionId !== undefined) sessions.check(sessionId, owner)
      const wish = readWish(command, payload, sessionId !== undefined)
      const answer = new CommandAnswer(command, sessionId ?? sessions.begin(owner))
      try {
        return await fulfil(wish, command, { answer, admin: requester })
      } catch (error) {
        if (error instanceof Failure) return answer.failed(error)
        throw error
      }
    },
  }

  async function fulfil(
    wish: Wish,
    command: Command,
    { answer, admin }: { readonly answer: CommandAnswer; readonly admin: Jid },
  ): Promise<Element> {
    if (wish.wants === 'cancel') return answer.canceled()
    if (wish.wants === 'run') return answer.completed(await carryOut(command, wish.entries, admin))
    if (!command.form) return answer.completed(await carryOut(command, {}, admin))
    const form = await command.form.make()
    return 'end' in form ? answer.completed(form.end) : answer.asks(form.ask)
  }

  async function carryOut(command: Command, entries: Entries, admin: Jid): Promise<CommandResult> {
    const about = { node: command.node, admin, entries }
    try {
      const result = await command.run(entries)
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
