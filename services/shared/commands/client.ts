import { Failure } from '../bytestream/failure.ts'
import type { RequestOptions, Session } from '../xmpp/session.ts'
import { attribute, type Element, ns, xml } from '../xmpp/xml.ts'
import { type Entries, type Note, nodeOf } from './command.ts'

/** What a command has come to. */
export interface CommandReply {
  readonly notes: readonly Note[]
  /** The values of its result by the name of their field. */
  readonly fields: Readonly<Record<string, string>>
  /** The rows of its table, the same way. */
  readonly rows: readonly Readonly<Record<string, string>>[]
}

export interface CommandOptions extends RequestOptions {
  /** The service whose command it is. */
  readonly to: string
  /** Its name among ours: `sent-parcels`. */
  readonly name: string
  /** What its form asks for; left out: it asks for nothing. */
  readonly entries?: Entries
}

/**
 * Carries out a command of ours at a service (XEP-0050 §2.4). Throws as `Session.request`; `not-found` when it says that
 * it could not be done.
 */
export async function carryOut(session: Session, options: CommandOptions): Promise<CommandReply> {
  const begun = await ask(session, options, {})
  const sessionid = attribute(begun, 'sessionid')
  const done =
    options.entries && attribute(begun, 'status') === 'executing'
      ? await ask(session, options, { sessionid, action: 'complete' }, submission(options.entries))
      : begun
  const reply = readReply(done)
  const fault = reply.notes.find(({ type }) => type === 'error')
  if (fault) throw new Failure('not-found', fault.text)
  return reply
}

async function ask(
  session: Session,
  { to, name, timeoutMs, signal }: CommandOptions,
  attributes: Readonly<Record<string, string | undefined>>,
  form?: Element,
): Promise<Element> {
  const command = xml('command', { xmlns: ns.commands, node: nodeOf(name), ...attributes }, form)
  const answer = await session.request(xml('iq', { type: 'set', to }, command), {
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(signal && { signal }),
  })
  const answered = answer.getChild('command', ns.commands)
  if (!answered) throw new Failure('malformed', `${to} does not answer the command ${name} with a command`)
  return answered
}

function submission(entries: Entries): Element {
  const fields = Object.entries(entries).map(([name, value]) => xml('field', { var: name }, xml('value', {}, value)))
  return xml('x', { xmlns: ns.dataForm, type: 'submit' }, fields)
}

function readReply(command: Element): CommandReply {
  const form = command.getChild('x', ns.dataForm)
  return {
    notes: command.getChildren('note').map((note) => ({ type: noteType(attribute(note, 'type')), text: note.text() })),
    fields: form ? valuesOf(form) : {},
    rows: form?.getChildren('item').map(valuesOf) ?? [],
  }
}

function valuesOf(element: Element): Readonly<Record<string, string>> {
  return Object.fromEntries(
    element
      .getChildren('field')
      .map((field) => [attribute(field, 'var') ?? '', field.getChildText('value') ?? ''] as const),
  )
}

/** XEP-0050 §4.3: a note that does not say is an info. */
function noteType(text: string | undefined): Note['type'] {
  return text === 'warn' || text === 'error' ? text : 'info'
}
