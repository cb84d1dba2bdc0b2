import { Failure } from '../../services/shared/bytestream/failure.ts'
import type { Room } from '../../services/shared/bytestream/room.ts'
import type { Registry } from '../../services/shared/registry/registry.ts'

type Call<T> = (registry: Registry) => Promise<T>

/**
 * The registry that all parts of a system share: a real one, which can be lost and can be asked what it holds without
 * that being changed. Nothing of it needs to be closed.
 */
export class ModelRegistry {
  readonly #create: () => Registry
  /** Everything that the registry was told since it was empty, so that another can be told the same. */
  #calls: Call<unknown>[] = []
  #registry: Registry
  #away = false

  constructor(create: () => Registry) {
    this.#create = create
    this.#registry = create()
  }

  /** True from `stop` to `start`. */
  get away(): boolean {
    return this.#away
  }

  /** Makes one call. Throws whatever the registry throws, and `unavailable` while it is away. */
  async call<T>(call: Call<T>): Promise<T> {
    if (this.#away) throw new Failure('unavailable', 'The registry is away')
    this.#calls.push(call)
    return call(this.#registry)
  }

  /** Takes from it all that it holds. */
  flush(): void {
    this.#calls = []
    this.#registry = this.#create()
  }

  /** Takes from it all that it holds, and it answers no more. */
  stop(): void {
    this.flush()
    this.#away = true
  }

  /** Has it answer again, with nothing in it. */
  start(): void {
    this.#away = false
  }

  /** What it holds of some rooms, as `holders` of activations see it: it asks a twin that was told the same. */
  async state(
    rooms: Readonly<Record<string, Room>>,
    holders: readonly string[],
    named: (key: string, value: unknown) => unknown,
  ): Promise<string[]> {
    if (this.#away) return ['registry away']
    const twin = this.#create()
    for (const call of this.#calls) await call(twin).catch(() => {})
    const state: string[] = []
    for (const [at, room] of Object.entries(rooms)) {
      for (const holder of ['nobody', ...holders]) {
        const claim = await twin.claimActivation(room, holder)
        if (claim.state === 'activating') continue
        const halves = 'halves' in claim ? claim.halves : []
        const probe = { id: 'probe', relay: 'A', replaceable: false }
        const free = halves.length === 1 ? await twin.claim(room, probe) : undefined
        state.push(`${holder}: registry ${at} ${claim.state} ${JSON.stringify(halves, named)} ${free?.slot}`)
        break
      }
    }
    return state
  }
}
