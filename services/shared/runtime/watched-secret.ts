import { readFile } from 'node:fs/promises'
import { messageOf } from '../bytestream/failure.ts'
import type { Logger } from './log.ts'
import { environmentName, type OptionSchema, type SecretFiles } from './options.ts'

/** How often a file is looked at. */
const REFRESH_MS = 2_000

/**
 * A secret as its file has it now; one that was given as a value stays what it is. The file is read again and again and
 * not watched: a mounted Secret is replaced by moving a symbolic link, of which no watcher of the file hears. What the
 * option would not take is not taken. Whoever watches disposes of it.
 */
export class WatchedSecret<T> {
  readonly #log: Logger
  readonly #variable: string
  readonly #parse: (text: string) => T
  readonly #listeners = new Set<() => void>()
  readonly #timer: NodeJS.Timeout | undefined
  #current: T
  /** Why the file was last not taken; said once, not at every look. */
  #refused = ''

  constructor(
    parts: { readonly log: Logger },
    options: {
      /** What messages call it: `RELAY_RPC_TOKEN_FILE`. */
      readonly variable: string
      readonly value: T
      readonly file: string | undefined
      /** Throws where the text is no such secret; what it throws must not say the text. */
      readonly parse: (text: string) => T
      readonly refreshMs: number
    },
  ) {
    const { file, refreshMs } = options
    this.#log = parts.log
    this.#variable = options.variable
    this.#parse = options.parse
    this.#current = options.value
    if (file !== undefined) this.#timer = setInterval(() => void this.#look(file), refreshMs).unref()
  }

  get current(): T {
    return this.#current
  }

  /** Calls back whenever there is a new one; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  async #look(file: string): Promise<void> {
    let found: T
    try {
      found = this.#parse((await readFile(file, 'utf8')).trim())
    } catch (error) {
      const why = messageOf(error)
      const fields = { option: this.#variable, why }
      if (why !== this.#refused) this.#log.warn(fields, 'a new secret is not taken; it stays what it was')
      this.#refused = why
      return
    }
    this.#refused = ''
    if (found === this.#current) return
    this.#current = found
    this.#log.info({ option: this.#variable }, 'secret renewed')
    for (const listener of this.#listeners) listener()
  }
}

/** Watches the file that a secret option of a service came from, if it came from one. Whoever calls disposes of it. */
export function watchSecret<C extends { readonly secretFiles?: SecretFiles | undefined }, K extends keyof C & string>(
  { log, refreshMs = REFRESH_MS }: { readonly log: Logger; readonly refreshMs?: number },
  { service, schema, config, option }: { service: string; schema: OptionSchema; config: C; option: K },
): WatchedSecret<C[K]> {
  const parse = (text: string): C[K] => {
    if (text === '') throw new Error('the file is empty')
    const parsed = schema.shape[option]?.safeParse(text)
    if (!parsed?.success) throw new Error(parsed?.error.issues[0]?.message ?? 'there is no such option')
    return parsed.data as C[K]
  }
  const variable = `${environmentName(service, option)}_FILE`
  const file = config.secretFiles?.[option]
  return new WatchedSecret({ log }, { variable, value: config[option], file, parse, refreshMs })
}
