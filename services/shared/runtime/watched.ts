import { messageOf } from '../bytestream/failure.ts'

/**
 * What files say now. They are read again and again and not watched: a mounted Secret is replaced by moving a symbolic
 * link, of which no watcher of a file hears. One look ends before the next begins, so that what an older look has found
 * never replaces what a newer one found. Whoever watches disposes of it.
 */
export class Watched<T> {
  readonly #look: Look<T>
  readonly #listeners = new Set<() => void>()
  readonly #timer: NodeJS.Timeout
  #current: T
  /** Why the files were last not taken; said once, not at every look. */
  #refused = ''
  #disposed = false

  constructor(look: Look<T>, options: { readonly value: T; readonly refreshMs: number }) {
    this.#look = look
    this.#current = options.value
    this.#timer = setTimeout(async () => {
      await this.#refresh()
      if (!this.#disposed) this.#timer.refresh()
    }, options.refreshMs)
    this.#timer.unref()
  }

  get current(): T {
    return this.#current
  }

  /** Calls back whenever there is something new; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    clearTimeout(this.#timer)
  }

  async #refresh(): Promise<void> {
    const found = await this.#read()
    if (this.#disposed || found === undefined) return
    this.#refused = ''
    if (found.value === this.#current) return
    this.#current = found.value
    this.#look.renewed(found.value)
    for (const listener of this.#listeners) listener()
  }

  async #read(): Promise<{ readonly value: T } | undefined> {
    try {
      return { value: await this.#look.read(this.#current) }
    } catch (error) {
      const why = messageOf(error)
      if (why !== this.#refused && !this.#disposed) this.#look.refused(why)
      this.#refused = why
      return undefined
    }
  }
}

/** How files are looked at, and what is said of it. */
export interface Look<T> {
  /** What they say now: `current` itself where that is nothing new. Throws where it cannot be used. */
  read(current: T): Promise<T>
  /** There is something new. */
  renewed(value: T): void
  /** What there is now cannot be used; it stays what it was. */
  refused(why: string): void
}
