import { readFile } from 'node:fs/promises'
import type { Logger } from './log.ts'
import { environmentName, type OptionSchema, type SecretFiles } from './options.ts'
import { Watched } from './watched.ts'

/** How often a file is looked at. */
const REFRESH_MS = 2_000

/** A secret as its file has it now; one that was given as a value stays what it is. Whoever watches disposes of it. */
export interface WatchedSecret<T> extends Disposable {
  readonly current: T
  /** Calls back whenever there is a new one; the answer ends that. */
  onChange(listener: () => void): () => void
}

/** Watches the file that a secret option of a service came from, if it came from one. Whoever calls disposes of it. */
export function watchSecret<C extends { readonly secretFiles?: SecretFiles | undefined }, K extends keyof C & string>(
  { log, refreshMs = REFRESH_MS }: { readonly log: Logger; readonly refreshMs?: number },
  { service, schema, config, option }: { service: string; schema: OptionSchema; config: C; option: K },
): WatchedSecret<C[K]> {
  const file = config.secretFiles?.[option]
  if (file === undefined) return { current: config[option], onChange: () => () => {}, [Symbol.dispose]() {} }
  const parse = (text: string): C[K] => {
    if (text === '') throw new Error('the file is empty')
    const parsed = schema.shape[option]?.safeParse(text)
    // What is said must not hold the secret: only what the option's schema says of it.
    if (!parsed?.success) throw new Error(parsed?.error.issues[0]?.message ?? 'there is no such option')
    return parsed.data as C[K]
  }
  const fields = { option: `${environmentName(service, option)}_FILE` }
  const look = {
    read: async () => parse((await readFile(file, 'utf8')).trim()),
    renewed: () => log.info(fields, 'secret renewed'),
    refused: (why: string) => log.warn({ ...fields, why }, 'a new secret is not taken; it stays what it was'),
  }
  return new Watched(look, { value: config[option], refreshMs })
}
