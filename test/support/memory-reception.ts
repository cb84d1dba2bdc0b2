import { createHash } from 'node:crypto'
import type { Parcel, ParcelDraft } from '../../services/courier/parcels/parcel.ts'
import type { IncomingParcel, Reception } from '../../services/courier/parcels/reception.ts'
import { Failure } from '../../services/shared/bytestream/failure.ts'

/** A reception that keeps what comes in memory, and remembers what it was asked. */
export interface MemoryReception extends Reception {
  readonly stored: { readonly parcel: Parcel; readonly content: Buffer }[]
  readonly drafts: ParcelDraft[]
  /** Thrown at the next offer, once. */
  refuseNext(error: unknown): void
}

export function createMemoryReception(): MemoryReception {
  const stored: MemoryReception['stored'] = []
  const drafts: ParcelDraft[] = []
  const listeners = new Set<(parcel: Parcel) => void>()
  /** What broken attempts have left, by identity. */
  const kept = new Map<string, Buffer>()
  let refusal: { error: unknown } | undefined

  return {
    stored,
    drafts,
    refuseNext(error) {
      refusal = { error }
    },
    async accept(draft, { resume = true } = {}): Promise<IncomingParcel> {
      const refused = refusal
      refusal = undefined
      if (refused) throw refused.error
      drafts.push(draft)
      const parcel: Parcel = {
        ...draft,
        id: `parcel-${drafts.length}`,
        state: 'receiving',
        blob: 'blob',
        linkKey: 'key',
        offeredAt: new Date(0),
        expiresAt: new Date(1),
        downloads: 0,
        attempts: 0,
        linkReturns: 0,
      }
      let content = (resume && kept.get(draft.identity)) || Buffer.alloc(0)
      const offset = content.length
      return {
        parcel,
        offset,
        get bytes() {
          return content.length
        },
        async write(chunk) {
          if (content.length + chunk.length > draft.size) throw new Failure('over-limit', 'It is larger than offered')
          content = Buffer.concat([content, chunk])
        },
        async finish() {
          if (content.length !== draft.size) throw new Failure('unavailable', 'Bytes are missing')
          const sha256 = createHash('sha256').update(content).digest('hex')
          const whole: Parcel = { ...parcel, state: 'stored', sha256 }
          stored.push({ parcel: whole, content })
          for (const listener of listeners) listener(whole)
          return whole
        },
        async keep() {
          kept.set(draft.identity, content)
        },
        async discard() {
          kept.delete(draft.identity)
        },
      }
    },
    onStored(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
