import { spawnSync } from 'node:child_process'
import { startChild } from '../../deploy/local/child.ts'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { lineAppears } from '../../deploy/local/readiness.ts'

/** System calls, by their names in strace(1), and the error that they give in place of doing anything. */
export interface Failing {
  readonly calls: readonly string[]
  readonly error: 'EMFILE' | 'ENFILE' | 'ENOBUFS' | 'ENOMEM'
  /** Which of them, counted for each thread: `1+2` is the first and every second from there. Default: all. */
  readonly when?: string
}

/** Whether this machine lets us trace a process, and has strace. */
export const callsCanFail: boolean =
  spawnSync('strace', [...traced({ calls: ['accept4'], error: 'ENFILE' }), 'true']).status === 0

/** What a process is started under for its system calls to fail. */
export function underFailing(failing: Failing): readonly string[] {
  return ['strace', ...traced(failing)]
}

/** Makes system calls of a process that runs fail. Returns the way to end that; safe to repeat. */
export async function failCalls(pid: number, failing: Failing): Promise<() => Promise<void>> {
  const folder = temporaryFolder('strace')
  try {
    const strace = await startChild({
      name: `strace of process ${pid}`,
      command: 'strace',
      args: [...traced(failing), `--attach=${pid}`],
      logFile: folder.file('strace.log'),
      ready: lineAppears(/ attached/),
    })
    return async () => {
      await strace.stop()
      await folder.remove()
    }
  } catch (error) {
    await folder.remove()
    throw error
  }
}

function traced({ calls, error, when }: Failing): string[] {
  const names = calls.join(',')
  const inject = `${names}:error=${error}${when === undefined ? '' : `:when=${when}`}`
  return ['--follow-forks', '--output=/dev/null', `--trace=${names}`, `--inject=${inject}`]
}
