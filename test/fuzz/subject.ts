import type { Choices } from './choices.ts'

/** Something that takes input from strangers, and what must be true whatever the input is. */
export interface Subject<Input> {
  /** Makes an input of nothing but these choices. */
  make(choices: Choices): Input
  /** Feeds it. Throws when something is true that must not be. */
  check(input: Input): void | Promise<void>
  /** The input for people: XML, hexadecimal digits, JSON. */
  show(input: Input): string
  /** Gives back what it has opened. */
  close?(): Promise<void>
}

/** A subject by its name. */
export interface SubjectKind {
  readonly name: string
  readonly about: string
  /** How many of a thousand inputs it gets. */
  readonly share: number
  open(): Promise<Subject<unknown>>
}

/** Names a subject. What it makes is only ever fed to itself. */
export function subjectKind<Input>(
  name: string,
  about: string,
  { share, open }: { readonly share: number; readonly open: () => Promise<Subject<Input>> },
): SubjectKind {
  return { name, about, share, open: open as () => Promise<Subject<unknown>> }
}
