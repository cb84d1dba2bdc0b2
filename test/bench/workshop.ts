import { type Folder, temporaryFolder } from '../../deploy/local/folder.ts'
import { compilePrograms, type Programs } from './programs.ts'

/** What every trial of a run shares. */
export interface Workshop extends AsyncDisposable {
  readonly folder: Folder
  readonly programs: Programs
  /** What outlives a trial; closed, newest first, with the workshop. */
  readonly opened: AsyncDisposableStack
}

/** Compiles the programs. Whoever opens the workshop disposes of it, and with it of every server that was started. */
export async function openWorkshop(): Promise<Workshop> {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(temporaryFolder('bench'))
  const programs = await compilePrograms(folder)
  const kept = opened.move()
  return { folder, programs, opened: kept, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}
