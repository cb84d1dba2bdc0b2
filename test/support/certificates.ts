import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Folder } from '../../deploy/local/folder.ts'

const run = promisify(execFile)

/** An identity as files in PEM, named as the options of services name them. */
export type CertificateFiles = {
  readonly tlsCertFile: string
  readonly tlsKeyFile: string
  readonly tlsCaFile: string
}

/** A private authority, valid for a day. Its files are its folder's to remove. */
export interface Authority {
  readonly file: string
  /** A certificate for servers and clients in files of this name, which replace what had it. */
  issue(name: string, options?: { readonly subjectAltName?: string }): Promise<CertificateFiles>
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']

/** Makes an authority in the folder. */
export async function createAuthority(folder: Folder, name = 'ca'): Promise<Authority> {
  const inFolder = { cwd: folder.path }
  const files = (of: string) => ['-keyout', `${of}.key`, '-out', `${of}.pem`, '-subj', `/CN=${of}`]
  await run('openssl', ['req', '-x509', ...newKey, ...files(name)], inFolder)
  return {
    file: folder.file(`${name}.pem`),
    async issue(of, { subjectAltName } = {}) {
      const extensions = ['basicConstraints=CA:FALSE', ...(subjectAltName ? [`subjectAltName=${subjectAltName}`] : [])]
      await run(
        'openssl',
        [
          ...['req', '-x509', '-CA', `${name}.pem`, '-CAkey', `${name}.key`, ...newKey, ...files(of)],
          ...extensions.flatMap((extension) => ['-addext', extension]),
        ],
        inFolder,
      )
      return {
        tlsCertFile: folder.file(`${of}.pem`),
        tlsKeyFile: folder.file(`${of}.key`),
        tlsCaFile: folder.file(`${name}.pem`),
      }
    },
  }
}
