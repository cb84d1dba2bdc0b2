import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { Paced } from './paced.ts'

function setUp() {
  const clock = new ManualClock()
  const paced = new Paced({ clock }, { perSecond: 10 })
  const done: string[] = []
  const add = (name: string, mark = name) => paced.add(name, async () => void done.push(mark))
  return { clock, paced, done, add }
}

describe('Paced', () => {
  it('does the first at once and each of the others in its time', () => {
    const { clock, done, add } = setUp()
    for (const name of ['a', 'b', 'c']) add(name)
    assert.deepEqual(done, ['a'])
    clock.advance(100)
    assert.deepEqual(done, ['a', 'b'])
    clock.advance(1_000)
    assert.deepEqual(done, ['a', 'b', 'c'])
    add('d')
    assert.deepEqual(done, ['a', 'b', 'c', 'd'])
  })

  it('does what is wanted twice once', () => {
    const { clock, done, add } = setUp()
    add('a')
    add('b', 'older')
    add('b', 'newer')
    clock.advance(1_000)
    assert.deepEqual(done, ['a', 'newer'])
  })

  it('forgets what waits, and leaves no timer', () => {
    const { clock, paced, done, add } = setUp()
    add('a')
    add('b')
    paced.clear()
    assert.equal(clock.pending, 0)
    add('c')
    assert.deepEqual(done, ['a', 'c'])
  })
})
