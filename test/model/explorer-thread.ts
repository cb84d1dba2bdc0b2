import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type Explored, type ExploreOptions, explore } from './explorer.ts'
import type { Case } from './system.ts'

type Question = { readonly given: Omit<Case, 'mutation'>; readonly reduce: boolean }
type Message = { readonly soFar: Explored } | { readonly explored: Explored }

/**
 * Explores a case on a thread of its own: the test runner follows every promise of its own thread, and there are hundreds
 * of thousands. Rejects with the violation's message.
 */
export async function exploreOnThread(
  given: Omit<Case, 'mutation'>,
  { reduce = true, tell = () => {} }: ExploreOptions = {},
): Promise<Explored> {
  const question: Question = { given, reduce }
  const thread = new Worker(new URL(import.meta.url), { workerData: question })
  const { promise, resolve, reject } = Promise.withResolvers<Explored>()
  thread.on('message', (message: Message) => ('soFar' in message ? tell(message.soFar) : resolve(message.explored)))
  thread.once('error', reject)
  return promise
}

if (!isMainThread) {
  const { given, reduce } = workerData as Question
  const say = (message: Message) => parentPort?.postMessage(message)
  say({ explored: await explore(given, { reduce, tell: (soFar) => say({ soFar }) }) })
}
