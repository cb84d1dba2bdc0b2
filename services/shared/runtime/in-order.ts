/** Something that ends. */
export interface Stoppable {
  stop(): Promise<void> | void
}

/** Ends the given parts one after the other; a part that fails does not keep the next from ending, its error comes last. */
export function inOrder(...parts: readonly (Stoppable | undefined)[]): () => Promise<void> {
  return async () => {
    const errors: unknown[] = []
    for (const part of parts) {
      try {
        await part?.stop()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, 'Several parts did not stop cleanly')
  }
}
