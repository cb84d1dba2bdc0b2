import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renewEach } from './renewal.ts'

describe('renewEach()', () => {
  it('renews everything once, and never more than a hundred at a time', async () => {
    const items = Array.from({ length: 250 }, (_, i) => i)
    const renewed: number[] = []
    let atWork = 0
    let most = 0
    await renewEach(items, async (item) => {
      atWork += 1
      most = Math.max(most, atWork)
      await Promise.resolve()
      atWork -= 1
      renewed.push(item)
    })
    assert.deepEqual(renewed, items)
    assert.equal(most, 100)
  })

  it('leaves out what went away before its turn', async () => {
    const items = new Set(Array.from({ length: 102 }, (_, i) => i))
    const renewed: number[] = []
    await renewEach(items, async (item) => {
      renewed.push(item)
      items.delete(101)
    })
    assert.deepEqual(renewed.slice(-2), [99, 100])
  })
})
