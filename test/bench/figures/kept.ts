import type { RunningSubject, Subject } from '../subjects/subject.ts'

/**
 * The subject, started once and kept from round to round: for figures of the control path, where no trial takes kernel
 * memory from another. `opened` stops it.
 */
export function keptRunning(subject: Subject, opened: AsyncDisposableStack): Subject {
  let running: Promise<RunningSubject> | undefined
  return {
    name: subject.name,
    async start(settings) {
      running ??= subject.start(settings).then((started) => opened.use(started))
      return { ...(await running), async [Symbol.asyncDispose]() {} }
    },
  }
}
