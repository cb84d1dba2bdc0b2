import type { Jid } from '../bytestream/jid.ts'
import type { FormContent } from '../xmpp/data-form.ts'

/** What was filled in, by the name of the field. */
export type Entries = Readonly<Record<string, string>>

/** Something to tell beside a result (XEP-0050 §4.3). A command that could not do its work says so in an `error`. */
export interface Note {
  readonly type: 'info' | 'warn' | 'error'
  readonly text: string
}

/** What a command leaves its caller with. */
export interface CommandResult {
  readonly notes?: readonly Note[]
  readonly form?: FormContent
}

/** What must be filled in before a command runs. */
export interface CommandForm {
  /** Names of the fields that must have a value. */
  readonly asks: readonly string[]
  /** Makes the form, or a result when there is nothing to choose from. Throws a `Failure` when it cannot. */
  make(by: Jid): Promise<{ readonly ask: FormContent } | { readonly end: CommandResult }>
}

/** Something that can be done by XEP-0050. Repeating it does no harm: an answer may get lost on its way. */
export interface Command {
  /** Its node, and the FORM_TYPE of its forms. */
  readonly node: string
  /** What people read. */
  readonly name: string
  /** Left out: it runs at once. */
  readonly form?: CommandForm
  /** Does it. Throws a `Failure` when it cannot be done. */
  run(entries: Entries, by: Jid): Promise<CommandResult>
}

/** Whether somebody may use a command. To who may use none there seem to be none. */
export type MayUse = (jid: Jid, command: Command) => boolean

/** The node of a command. They are our own: XEP-0133 has none for what our services do. */
export function nodeOf(name: string): string {
  return `splice65:${name}`
}
