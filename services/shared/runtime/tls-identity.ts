import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { Failure, messageOf } from '../bytestream/failure.ts'
import type { Logger } from './log.ts'
import { environmentName } from './options.ts'

/** The three files of an identity, as options name them: all given, or none. */
export interface TlsFiles {
  readonly tlsCertFile?: string | undefined
  readonly tlsKeyFile?: string | undefined
  readonly tlsCaFile?: string | undefined
}

/** Who we are and whom we trust, in PEM; what `tls.createSecureContext()` takes. */
export interface TlsMaterial {
  /** Our certificate, and behind it those that lead to the authority. */
  readonly cert: Buffer
  readonly key: Buffer
  /** The authority whose certificates we take for our own kind. */
  readonly ca: Buffer
}

/**
 * The TLS identity of a pod: what the three files say now. They are looked at again and again, because whoever renews
 * certificates replaces the files under a process that runs; and by their contents, because a mounted Secret is
 * replaced by moving a symbolic link, of which no watcher of the file hears. Whoever opens it closes it.
 */
export class TlsIdentity {
  readonly #files: Record<keyof TlsMaterial, string>
  readonly #log: Logger
  readonly #listeners = new Set<() => void>()
  readonly #timer: NodeJS.Timeout
  #current: TlsMaterial
  /** Why the files were last not taken; said once, not at every look. */
  #refused = ''

  constructor(
    parts: { readonly log: Logger },
    options: { readonly files: Record<keyof TlsMaterial, string>; readonly refreshMs: number },
  ) {
    this.#log = parts.log
    this.#files = options.files
    const { cert, key, ca } = options.files
    this.#current = checked({ cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) })
    this.#timer = setInterval(() => void this.#look(), options.refreshMs).unref()
  }

  get current(): TlsMaterial {
    return this.#current
  }

  /** When our certificate ends, in milliseconds since 1970. */
  get validUntilMs(): number {
    return new X509Certificate(this.#current.cert).validToDate.getTime()
  }

  /** Calls back whenever there is something new; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    const { cert, key, ca } = this.#files
    try {
      const found = { cert: await readFile(cert), key: await readFile(key), ca: await readFile(ca) }
      if (same(found, this.#current)) return
      this.#current = checked(found)
    } catch (error) {
      // Half of them may have been replaced so far; the next look sees the rest.
      const why = messageOf(error)
      if (why !== this.#refused) this.#log.warn({ why }, 'new TLS files are not taken; the identity stays what it was')
      this.#refused = why
      return
    }
    this.#refused = ''
    this.#log.info({ validTo: new X509Certificate(this.#current.cert).validTo }, 'TLS identity renewed')
    for (const listener of this.#listeners) listener()
  }
}

/** How often the files are looked at. Those who renew certificates do it days before they end. */
const REFRESH_MS = 10_000

/**
 * Opens the identity that a service's options name; undefined when they name none. Throws one `malformed` failure that
 * names the options when a file is missing, cannot be read, or the key is another certificate's.
 */
export function openTlsIdentity(
  service: string,
  config: TlsFiles,
  { log, refreshMs = REFRESH_MS }: { readonly log: Logger; readonly refreshMs?: number | undefined },
): TlsIdentity | undefined {
  const { tlsCertFile: cert, tlsKeyFile: key, tlsCaFile: ca } = config
  if (cert === undefined && key === undefined && ca === undefined) return undefined
  const names = ['tlsCertFile', 'tlsKeyFile', 'tlsCaFile'].map((option) => environmentName(service, option))
  const together = `${names[0]}, ${names[1]} and ${names[2]}`
  if (cert === undefined || key === undefined || ca === undefined) {
    const missing = names.filter((_, i) => [cert, key, ca][i] === undefined)
    throw new Failure('malformed', `${together} belong together: ${missing.join(' and ')} not given`)
  }
  try {
    return new TlsIdentity({ log }, { files: { cert, key, ca }, refreshMs })
  } catch (error) {
    const why = messageOf(error)
    throw new Failure('malformed', `Cannot use ${together}: ${why}`, { cause: error })
  }
}

function checked(material: TlsMaterial): TlsMaterial {
  new X509Certificate(material.ca)
  if (!new X509Certificate(material.cert).checkPrivateKey(createPrivateKey(material.key))) {
    throw new Error('the key is not that of the certificate')
  }
  // Reads what stands behind our certificate as well: the last of the chain may be half written.
  createSecureContext(material)
  return material
}

function same(one: TlsMaterial, other: TlsMaterial): boolean {
  return one.cert.equals(other.cert) && one.key.equals(other.key) && one.ca.equals(other.ca)
}
