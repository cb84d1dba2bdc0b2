/** Ten thousand renewals at once hold up everybody else, and leave 30 MiB of garbage that is collected late. */
const AT_ONCE = 100

/**
 * Renews each item in the registry, a hundred at a time, and resolves when all are through. Items that are added or
 * removed meanwhile are seen as their iterator shows them. `renew` sees to its own failures.
 */
export async function renewEach<T>(items: Iterable<T>, renew: (item: T) => Promise<void>): Promise<void> {
  let batch: Promise<void>[] = []
  for (const item of items) {
    batch.push(renew(item))
    if (batch.length < AT_ONCE) continue
    await Promise.all(batch)
    batch = []
  }
  await Promise.all(batch)
}
