import type { SourceFile } from '../../shared/transfer/source-file.ts'
import type { Parcel } from '../parcels/parcel.ts'

/**
 * The bytes of a stored parcel from `start` up to and without `end`, each verified before it is given. Throws when the
 * blob is not what was stored; the parcel has ended as `damaged` then.
 */
export type ReadParcel = (
  parcel: Parcel,
  range: { readonly start: number; readonly end: number },
) => AsyncIterable<Buffer>

const readBytes = 256 * 1024

/** A stored parcel as a file on its way out. Its date is always the same, so that a receiver can tell what it has of it. */
export function sourceParcel(parcel: Parcel, read: ReadParcel): SourceFile {
  const { name, size, mediaType, sha256, fileDate, offeredAt } = parcel
  return {
    name,
    size,
    mediaType,
    ...(sha256 !== undefined && { knownSha256: sha256 }),
    date: fileDate ?? `${offeredAt.toISOString().slice(0, 19)}Z`,
    async *chunks(offset, chunkBytes = readBytes) {
      for await (const piece of read(parcel, { start: offset, end: size })) {
        for (let start = 0; start < piece.length; start += chunkBytes) yield piece.subarray(start, start + chunkBytes)
      }
    },
    sha256() {
      if (sha256 === undefined) throw new Error(`Parcel ${parcel.id} is not stored`)
      return sha256
    },
    close: async () => {},
  }
}
