import { createHash } from 'node:crypto'
import { type Case, System } from './system.ts'

/** What an exploration came to. */
export interface Explored {
  /** How many different states were reached. */
  readonly states: number
  /** How many of them were at rest. */
  readonly ends: number
}

/** A property that does not hold, and what happened until it did not. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/**
 * Tries every order in which things can happen, depth first. A state that was reached before is not gone through again.
 * Nothing of a running system can be copied, so other branches begin from the start again. Throws a `Violation` for the
 * first property that does not hold.
 */
export async function explore(given: Case): Promise<Explored> {
  // Time passes when the system says so. A hundred thousand deadlines of the process would only cost memory.
  const { timeout } = AbortSignal
  const { stackTraceLimit } = Error
  AbortSignal.timeout = () => new AbortController().signal
  Error.stackTraceLimit = 0
  try {
    return await exploreAll(given)
  } finally {
    AbortSignal.timeout = timeout
    Error.stackTraceLimit = stackTraceLimit
  }
}

async function exploreAll(given: Case): Promise<Explored> {
  const seen = new Set<string>()
  const branches: (readonly string[])[] = [[]]
  let ends = 0
  for (let branch = branches.pop(); branch; branch = branches.pop()) {
    const system = await System.start(given)
    try {
      for (const label of branch) await system.happen(label)
      for (;;) {
        const state = createHash('sha1')
          .update(await system.state())
          .digest('base64')
        if (seen.has(state)) break
        seen.add(state)
        const [first, ...others] = system.next
        if (first === undefined) {
          ends += 1
          system.assertSettled()
          await system.assertComesFree()
          break
        }
        for (const other of others) branches.push([...system.happened, other])
        await system.happen(first)
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new Violation(`${why}\nafter:\n  ${system.happened.join('\n  ')}`, { cause: error })
    }
  }
  return { states: seen.size, ends }
}
