import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seldom } from './seldom.ts'

describe('seldom()', () => {
  it('says yes once in every interval', () => {
    let nowMs = 5
    const may = seldom({ now: () => nowMs }, 100)
    assert.deepEqual([may(), may()], [true, false])
    nowMs += 99
    assert.equal(may(), false)
    nowMs += 1
    assert.deepEqual([may(), may()], [true, false])
  })
})
