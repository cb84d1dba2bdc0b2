import { readFileSync } from 'node:fs'

/** A user of this machine. */
export interface User {
  readonly uid: number
  readonly gid: number
}

/**
 * Whom to run a server as that refuses to be root: the first of these names that there is, else nobody. Undefined when we
 * are not root ourselves.
 */
export function unprivilegedUser(...names: readonly string[]): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const entries = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of [...names, 'nobody']) {
    const [, , uid, gid] = entries.find((entry) => entry.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(`Cannot find a user to run as: none of ${[...names, 'nobody'].join(', ')} is in /etc/passwd`)
}

/** A command that runs another as this user, or as ourselves. */
export function asUser(user: User | undefined): readonly string[] {
  return user ? ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--'] : []
}
