/** What a worker uses now and has had to do without; see `EngineLoad`. */
export interface WorkerLoad {
  readonly pipesLent: number
  readonly pipeBytesLent: number
  readonly pipeBytesIdle: number
  readonly pipesRefused: number
  readonly pipeWaits: number
  readonly copiedBytes: number
}

const FIELDS = 6

/** Memory in which a worker tells its load after every round of its loop, and from which a scrape reads it. */
export class SharedLoad {
  readonly shared: SharedArrayBuffer
  readonly #numbers: Float64Array

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(FIELDS * 8)) {
    this.shared = shared
    this.#numbers = new Float64Array(shared)
  }

  /** What was told last. */
  read(): WorkerLoad {
    const [pipesLent = 0, pipeBytesLent = 0, pipeBytesIdle = 0, pipesRefused = 0, pipeWaits = 0, copiedBytes = 0] =
      this.#numbers
    return { pipesLent, pipeBytesLent, pipeBytesIdle, pipesRefused, pipeWaits, copiedBytes }
  }

  tell(load: WorkerLoad): void {
    this.#numbers[0] = load.pipesLent
    this.#numbers[1] = load.pipeBytesLent
    this.#numbers[2] = load.pipeBytesIdle
    this.#numbers[3] = load.pipesRefused
    this.#numbers[4] = load.pipeWaits
    this.#numbers[5] = load.copiedBytes
  }

  /** The worker is no more: its pipes are gone, what it counted stays. */
  bury(): void {
    this.#numbers.fill(0, 0, 3)
  }
}
