import type { Failure } from '../bytestream/failure.ts'
import { dataForm, type FormContent } from '../xmpp/data-form.ts'
import { type Element, ns, xml } from '../xmpp/xml.ts'
import type { Command, CommandResult } from './command.ts'

/** Writes what a command answers in one session (XEP-0050 §4.1). */
export class CommandAnswer {
  readonly #command: Command
  readonly #sessionId: string

  constructor(command: Command, sessionId: string) {
    this.#command = command
    this.#sessionId = sessionId
  }

  /** The form to fill in. Nothing can follow it but the end. */
  asks(form: FormContent): Element {
    const { node, name } = this.#command
    const actions = xml('actions', { execute: 'complete' }, xml('complete'))
    return this.#answer('executing', actions, dataForm('form', node, { title: name, ...form }))
  }

  /** The end: what it has to tell. */
  completed({ notes = [], form }: CommandResult): Element {
    const { node, name } = this.#command
    return this.#answer(
      'completed',
      ...notes.map(({ type, text }) => xml('note', { type }, text)),
      form && dataForm('result', node, { title: name, ...form }),
    )
  }

  /** XEP-0050 §3.6: a command that failed is completed, and an error note says so. */
  failed({ message }: Failure): Element {
    return this.completed({ notes: [{ type: 'error', text: message }] })
  }

  /** The end at the caller's wish. */
  canceled(): Element {
    return this.#answer('canceled')
  }

  #answer(status: string, ...children: readonly (Element | undefined)[]): Element {
    const { node } = this.#command
    return xml('command', { xmlns: ns.commands, node, sessionid: this.#sessionId, status }, children)
  }
}
