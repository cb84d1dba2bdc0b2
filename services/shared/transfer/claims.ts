import { Failure } from '../bytestream/failure.ts'
import { declined } from './offer.ts'

/** Which transfer holds which file on its way in: one at a time. */
export interface Claims {
  /**
   * Takes a file for a new offer of it. An earlier transfer that holds it is aborted and waited for: its sender knows best
   * that it is lost. What has come of it is kept, and the new one continues there. Once all is stopped, throws the
   * `StanzaError` that declines.
   */
  claim(key: string): Promise<Claim>
  /** Aborts every transfer and waits until all have let go. Nothing can be claimed any more. */
  stop(): Promise<void>
}

/** A file that is held. */
export interface Claim {
  /** Aborts when the transfer must let go. */
  readonly signal: AbortSignal
  release(): void
}

interface Holder {
  readonly controller: AbortController
  readonly ended: PromiseWithResolvers<void>
}

export function createClaims(): Claims {
  const holders = new Map<string, Holder>()
  let stopped = false
  return {
    async claim(key) {
      for (let holder = holders.get(key); holder; holder = holders.get(key)) {
        holder.controller.abort(new Failure('taken', 'The sender made a new offer of the same file'))
        await holder.ended.promise
      }
      if (stopped) throw declined('No files are taken now')
      const holder: Holder = { controller: new AbortController(), ended: Promise.withResolvers() }
      holders.set(key, holder)
      return {
        signal: holder.controller.signal,
        release() {
          if (holders.get(key) === holder) holders.delete(key)
          holder.ended.resolve()
        },
      }
    },
    async stop() {
      stopped = true
      const ending = [...holders.values()]
      for (const { controller } of ending) controller.abort(new Failure('unavailable', 'The receiver was stopped'))
      await Promise.all(ending.map(({ ended }) => ended.promise))
    },
  }
}
