import type { TestContext } from 'node:test'

const stacks = new WeakMap<TestContext, AsyncDisposableStack>()

/**
 * Ends what a test has opened when the test is over: the last opened first, because it may still use what was there
 * before, and all of it, also where one cannot be ended. `t.after()` does neither.
 */
export function atEnd(t: TestContext, end: () => unknown): void {
  stackOf(t).defer(async () => {
    await end()
  })
}

function stackOf(t: TestContext): AsyncDisposableStack {
  const known = stacks.get(t)
  if (known) return known
  const stack = new AsyncDisposableStack()
  stacks.set(t, stack)
  t.after(() => stack.disposeAsync())
  return stack
}
