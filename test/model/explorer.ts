import { messageOf } from '../../services/shared/bytestream/failure.ts'
import { type Case, System } from './system.ts'
import { Visited } from './visited.ts'

/** What an exploration came to. */
export interface Explored {
  /** How many different states were reached. */
  readonly states: number
  /** How many of them were at rest. */
  readonly ends: number
  /** How often something was tried in a state. */
  readonly steps: number
}

export interface ExploreOptions {
  /** False tries everything in every state, whether it has been tried in another order or not. */
  readonly reduce?: boolean
  /** Called now and then with what has been explored so far. */
  readonly tell?: (soFar: Explored) => void
}

/** A property that does not hold, and what happened until it did not. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** The beginning of runs that are still to be tried. */
interface Branch {
  readonly path: readonly string[]
  /** What need not be tried at its end. */
  readonly asleep: ReadonlySet<string>
}

const TELL_EVERY = 20_000

/**
 * Tries every order in which things can happen, depth first. A state that was reached before is not gone through again.
 * Nothing of a running system can be copied, so other branches begin from the start again. Throws a `Violation` for the
 * first property that does not hold.
 *
 * Two things that touch no part in common lead to the same state in either order, so only one order is tried: what has
 * been tried in a state sleeps in the branches that follow, until something happens that touches a part that it touches
 * (sleep sets; P. Godefroid, Partial-Order Methods for the Verification of Concurrent Systems, 1996, §5). Every state is
 * reached all the same, since of two orders the one that was tried first leads to it. A state that is reached again with
 * less asleep is gone through for the difference. It needs what holds here: nothing takes from what is independent of it
 * that it may happen, and no run comes back to a state it has left, since messages are used up and time goes on.
 */
export async function explore(given: Case, options: ExploreOptions = {}): Promise<Explored> {
  // Time passes when the system says so. A hundred thousand deadlines of the process would only cost memory.
  const { timeout } = AbortSignal
  const { stackTraceLimit } = Error
  AbortSignal.timeout = () => new AbortController().signal
  Error.stackTraceLimit = 0
  try {
    return await new Exploration(given, options).run()
  } finally {
    AbortSignal.timeout = timeout
    Error.stackTraceLimit = stackTraceLimit
  }
}

class Exploration {
  readonly #given: Case
  readonly #reduce: boolean
  readonly #tell: (soFar: Explored) => void
  readonly #visited = new Visited()
  readonly #branches: Branch[] = [{ path: [], asleep: new Set() }]
  #ends = 0
  #steps = 0

  constructor(given: Case, { reduce = true, tell = () => {} }: ExploreOptions) {
    this.#given = given
    this.#reduce = reduce
    this.#tell = tell
  }

  async run(): Promise<Explored> {
    for (let branch = this.#branches.pop(); branch; branch = this.#branches.pop()) {
      const system = await System.start(this.#given)
      try {
        await this.#follow(system, branch)
      } catch (error) {
        const why = messageOf(error)
        throw new Violation(`${why}\nafter:\n  ${system.happened.join('\n  ')}`, { cause: error })
      }
    }
    return this.#explored
  }

  get #explored(): Explored {
    return { states: this.#visited.size, ends: this.#ends, steps: this.#steps }
  }

  /** Goes down a branch until nothing is left to be tried, and puts down where others begin. */
  async #follow(system: System, { path, asleep }: Branch): Promise<void> {
    for (const label of path) await system.happen(label)
    for (let sleeping = asleep; ; ) {
      const { isNew, awake } = this.#visited.visit(await system.state(), system.next, sleeping)
      if (isNew && this.#visited.size % TELL_EVERY === 0) this.#tell(this.#explored)
      const branches = this.#branchesOf(system, awake, sleeping)
      this.#steps += branches.length
      // To judge a state at rest uses the system up.
      const first = system.atRest ? undefined : branches.shift()
      this.#branches.push(...branches)
      if (isNew && system.atRest) await this.#judge(system)
      const label = first?.path.at(-1)
      if (first === undefined || label === undefined) return
      await system.happen(label)
      sleeping = first.asleep
    }
  }

  #branchesOf(system: System, awake: readonly string[], asleep: ReadonlySet<string>): Branch[] {
    const tried = new Set(asleep)
    return awake.map((label) => {
      const sleepsOn = this.#reduce ? [...tried].filter((other) => system.independent(other, label)) : []
      tried.add(label)
      return { path: [...system.happened, label], asleep: new Set(sleepsOn) }
    })
  }

  async #judge(system: System): Promise<void> {
    this.#ends += 1
    system.assertSettled()
    await system.assertComesFree()
  }
}
