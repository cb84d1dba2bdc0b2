/** What a run of the benchmark may be told. */
export interface BenchOptions {
  /** How often each subject is measured; subjects take turns within a round. */
  readonly rounds: number
  /** How long the bytes of one trial are counted; longer phases are multiples of it. */
  readonly seconds: number
  /** For how long the waiting halves are watched. */
  readonly minutes: number
  /** One relay, one stream, same pod, against ejabberd and the floor. */
  readonly quick: boolean
}

/** The full run. */
export const fullRun: BenchOptions = { rounds: 5, seconds: 3, minutes: 10, quick: false }

/** Under a minute. */
export const quickRun: BenchOptions = { rounds: 3, seconds: 1.5, minutes: 0.1, quick: true }
