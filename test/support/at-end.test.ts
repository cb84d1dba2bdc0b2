import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { atEnd } from './at-end.ts'

/** A test that is over when `end` is called. */
function someTest() {
  const hooks: (() => Promise<void>)[] = []
  const t = { after: (hook: () => Promise<void>) => hooks.push(hook) } as unknown as TestContext
  return { t, hooks, end: () => Promise.all(hooks.map((hook) => hook())) }
}

describe('atEnd()', () => {
  it('ends the last first, one after the other', async () => {
    const { t, hooks, end } = someTest()
    const ended: string[] = []
    atEnd(t, () => ended.push('folder'))
    atEnd(t, async () => {
      await Promise.resolve()
      ended.push('who writes there')
    })
    await end()
    assert.deepEqual([ended, hooks.length], [['who writes there', 'folder'], 1])
  })

  it('ends the others too where one cannot be ended, and tells of it', async () => {
    const { t, end } = someTest()
    const ended: string[] = []
    atEnd(t, () => ended.push('first'))
    atEnd(t, () => {
      throw new Error('it does not end')
    })
    await assert.rejects(end(), /it does not end/)
    assert.deepEqual(ended, ['first'])
  })
})
