/** Keeps the bytes of parcels under keys of ours: a volume or an object store. Whoever opens one closes it. */
export interface BlobStore {
  /**
   * Opens a blob for writing after what an earlier, broken attempt has left, of which `resumeAtMost` bytes are kept; nothing
   * is left of one that was discarded. A key has one writer at a time. Throws `over-limit` when the disk is full,
   * `unavailable` when the store cannot be written to.
   */
  write(key: string, terms: { readonly resumeAtMost: number }): Promise<BlobWriter>
  /**
   * The bytes from `start` up to and without `end`, which is its size at most, in chunks; leaving the loop early is fine. Throws
   * `not-found` when there is no such blob, `unavailable` when it cannot be read. What is read is not verified here: `verified-blob.ts` does that.
   */
  read(key: string, range: { readonly start: number; readonly end: number }): AsyncIterable<Buffer>
  /** The size of a finished blob in bytes; undefined when there is none. Throws `unavailable` when nobody can say. */
  size(key: string): Promise<number | undefined>
  /** Takes a blob away, unfinished ones too. Nothing happens when there is none. */
  remove(key: string): Promise<void>
  /** Puts a blob where it is never read again, for a person to look at. */
  quarantine(key: string): Promise<void>
  /** Every blob, unfinished ones too, in no order: for the collection of garbage. */
  list(): AsyncIterable<{ readonly key: string; readonly changedAt: Date }>
  /** Throws `unavailable` when the store does not answer. */
  check(): Promise<void>
  close(): Promise<void>
}

/** A blob on its way in. `finish`, `keep` or `discard` ends it. */
export interface BlobWriter {
  /** Bytes that are there, from an earlier attempt and this one. */
  readonly bytes: number
  /**
   * Resolves when the next chunk may come: a slow disk slows the sender. Throws `over-limit` when the disk is full and
   * `unavailable` when it fails; the blob is discarded then.
   */
  write(chunk: Buffer): Promise<void>
  /** All that has come, for a scan; leaving the loop early is fine. Nothing is written meanwhile. */
  read(): AsyncIterable<Buffer>
  /**
   * Makes it durable (file and folder synced, or the object store's answer) and readable. A failed sync is never
   * repeated: the kernel may have forgotten the bytes; the blob is discarded and this throws `unavailable`.
   */
  finish(): Promise<StoredBlob>
  /** Closes it and leaves what has come for a later resumption. */
  keep(): Promise<void>
  /** Closes it and takes it away. */
  discard(): Promise<void>
}

/** What was stored. */
export interface StoredBlob {
  readonly size: number
  /** Of the whole, lowercase hex. */
  readonly sha256: string
  /** SHA-256 of every block of `blockBytes`, one after the other, 32 bytes each: any part can be verified by itself. */
  readonly blocks: Buffer
}

/** The unit of verification: 1 MiB. */
export const blockBytes = 1 << 20
