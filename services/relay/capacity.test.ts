import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { capacityOf, descriptorLimit } from './capacity.ts'

describe('capacityOf()', () => {
  it('keeps a reserve back, and at most half of a small limit', () => {
    assert.equal(capacityOf(1_048_576), 943_488)
    assert.equal(capacityOf(1_024), 691)
    assert.equal(capacityOf(256), 115)
    assert.equal(capacityOf(1), 2)
  })
})

describe('descriptorLimit()', () => {
  it('is what this process may open', () => assert.ok(descriptorLimit() >= 64))
})
