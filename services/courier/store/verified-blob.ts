import { createHash } from 'node:crypto'
import { Failure } from '../../shared/bytestream/failure.ts'
import type { ParcelEvents } from '../parcels/events.ts'
import type { Parcel } from '../parcels/parcel.ts'
import type { Records } from '../records/records.ts'
import { type BlobStore, blockBytes } from './blobs.ts'

/** A stored parcel's bytes, none of which leaves before its block was found to be what was stored. */
export interface VerifiedBlob {
  /** In bytes. */
  readonly size: number
  /**
   * The bytes from `start` up to and without `end`; leaving the loop early is fine. Throws `BlobDamaged` at the first block
   * that is not what was stored, and `unavailable` when the store cannot be read.
   */
  read(range?: { readonly start: number; readonly end: number }): AsyncIterable<Buffer>
}

/** The blob is not what was stored. It is in quarantine, and its parcel has ended. */
export class BlobDamaged extends Failure {
  constructor(message: string) {
    super('internal', message)
  }
}

const digestBytes = 32

/**
 * Opens the blob of a stored parcel for reading. Throws `not-found` when the parcel has none, `BlobDamaged` when its blob is
 * gone or has another size.
 */
export async function openVerifiedBlob(
  parts: {
    readonly records: Pick<Records, 'blocksOf' | 'end'>
    readonly blobs: Pick<BlobStore, 'size' | 'read' | 'quarantine'>
    readonly events: Pick<ParcelEvents, 'blobDamaged'>
  },
  parcel: Parcel,
): Promise<VerifiedBlob> {
  const { size } = parcel
  const digests = await parts.records.blocksOf(parcel.id)
  if ((await parts.blobs.size(parcel.blob)) !== size) throw await damaged(parts, parcel)
  return {
    size,
    async *read({ start, end } = { start: 0, end: size }) {
      for (let from = start - (start % blockBytes); from < Math.min(end, size); from += blockBytes) {
        const block = await readBlock(parts, parcel, from)
        const digest = digests.subarray((from / blockBytes) * digestBytes).subarray(0, digestBytes)
        if (!block || !createHash('sha256').update(block).digest().equals(digest)) throw await damaged(parts, parcel)
        yield block.subarray(Math.max(0, start - from), end - from)
      }
    },
  }
}

/** One whole block; undefined when it has not the bytes that it must have. */
async function readBlock(
  { blobs }: { readonly blobs: Pick<BlobStore, 'read'> },
  { blob, size }: Parcel,
  from: number,
): Promise<Buffer | undefined> {
  const length = Math.min(blockBytes, size - from)
  const chunks: Buffer[] = []
  try {
    for await (const chunk of blobs.read(blob, { start: from, end: from + length })) chunks.push(chunk)
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') return undefined
    throw error
  }
  const block = Buffer.concat(chunks)
  return block.length === length ? block : undefined
}

async function damaged(
  { records, blobs, events }: Parameters<typeof openVerifiedBlob>[0],
  parcel: Parcel,
): Promise<BlobDamaged> {
  // False: it had ended, and its blob may have been disposed of while it was read.
  if (await records.end(parcel.id, 'damaged')) {
    events.blobDamaged(parcel)
    await blobs.quarantine(parcel.blob).catch((error: unknown) => {
      // What is gone cannot be put anywhere.
      if (!(error instanceof Failure && error.code === 'not-found')) throw error
    })
  }
  return new BlobDamaged(`Cannot read parcel ${parcel.id}: its blob is not what was stored`)
}
