import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bearer, carries } from './bearer.ts'
import { areTokens } from './tokens.ts'

const old = 'the old token of tests'
const next = 'the next token of tests'

describe('Several tokens', () => {
  it('show the first and accept each of them', () => {
    assert.equal(bearer(`${old}\n${next}\n`), `Bearer ${old}`)
    for (const token of [old, next]) assert.ok(carries(`${old}\n${next}`, `Bearer ${token}`))
    for (const shown of [undefined, '', 'Bearer ', `Bearer ${old}\n${next}`, `bearer ${old}`, 'Bearer another']) {
      assert.ok(!carries(`${old}\n${next}`, shown), shown)
    }
  })

  it('replace one by another without a step at which two pods differ too much', () => {
    const steps = [old, `${old}\n${next}`, `${next}\n${old}`, next]
    for (const [index, ahead] of steps.entries()) {
      const behind = steps[index - 1] ?? ahead
      assert.ok(carries(ahead, bearer(behind)), `${index}: who is behind is served by who is ahead`)
      assert.ok(carries(behind, bearer(ahead)), `${index}: and the other way round`)
    }
  })

  it('must all be long enough', () => {
    assert.ok(areTokens(`${old}\n\n${next}\n`))
    for (const text of ['', '\n', 'too short', `${old}\nshort`]) assert.ok(!areTokens(text), text)
  })
})
