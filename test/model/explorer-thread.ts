import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { cases, longCases } from './cases.ts'
import { type Explored, explore } from './explorer.ts'

/**
 * Explores one of the cases, by what it is called, on a thread of its own: the test runner follows every promise of its
 * own thread, and there are hundreds of thousands. Rejects with the violation's message.
 */
export async function exploreCase(what: string): Promise<Explored> {
  const thread = new Worker(new URL(import.meta.url), { workerData: what })
  const { promise, resolve, reject } = Promise.withResolvers<Explored>()
  thread.once('message', resolve).once('error', reject)
  return promise
}

if (!isMainThread) {
  const [, given] = [...cases, ...longCases].find(([what]) => what === workerData) ?? []
  if (!given) throw new Error(`There is no case of ${workerData}`)
  parentPort?.postMessage(await explore(given))
}
