/** Where the bytes of a file on its way in go. `finish`, `keep` or `discard` ends it. */
export interface FileSink<Result> {
  /** Bytes that are there already and need not be sent again. */
  readonly offset: number
  /** Bytes that are there now. */
  readonly bytes: number
  /** Resolves when the next chunk may come. Throws `over-limit` when the file would become larger than offered. */
  write(chunk: Buffer): Promise<void>
  /**
   * Makes it durable and whole. Throws `unavailable` when bytes are missing, `malformed` when the file does not have the
   * SHA-256 its sender told, in lowercase hex; and leaves it open.
   */
  finish(sha256?: string): Promise<Result>
  /** Closes it and leaves what has come for a later resumption. */
  keep(): Promise<void>
  /** Closes it and takes it away. */
  discard(): Promise<void>
}
