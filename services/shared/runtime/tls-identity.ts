import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { Failure, messageOf } from '../bytestream/failure.ts'
import type { Logger } from './log.ts'
import { environmentName } from './options.ts'
import { Watched } from './watched.ts'

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
 * The TLS identity of a pod: what the three files say now, because whoever renews certificates replaces the files under
 * a process that runs. Whoever opens it disposes of it.
 */
export class TlsIdentity extends Watched<TlsMaterial> {
  constructor(
    { log }: { readonly log: Logger },
    { files, refreshMs }: { readonly files: Record<keyof TlsMaterial, string>; readonly refreshMs: number },
  ) {
    const { cert, key, ca } = files
    const value = checked({ cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) })
    const look = {
      async read(current: TlsMaterial) {
        const found = { cert: await readFile(cert), key: await readFile(key), ca: await readFile(ca) }
        // Half of them may have been replaced so far; the next look sees the rest.
        return same(found, current) ? current : checked(found)
      },
      renewed: (found: TlsMaterial) =>
        log.info({ validTo: new X509Certificate(found.cert).validTo }, 'TLS identity renewed'),
      refused: (why: string) => log.warn({ why }, 'new TLS files are not taken; the identity stays what it was'),
    }
    super(look, { value, refreshMs })
  }

  /** When our certificate ends, in milliseconds since 1970. */
  get validUntilMs(): number {
    return new X509Certificate(this.current.cert).validToDate.getTime()
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
