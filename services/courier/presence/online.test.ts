import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseJid } from '../../shared/bytestream/jid.ts'
import { Online } from './online.ts'

const resources = (online: Online) => online.resources('bob@ex.com').map(({ jid }) => jid.split('/')[1])

function setUp(...coming: readonly (readonly [string, number])[]) {
  const online = new Online()
  for (const [resource, priority] of coming) online.add(parseJid(`bob@ex.com/${resource}`), priority)
  return online
}

describe('Online', () => {
  it('names the highest priority first, and of equals the latest', () => {
    assert.deepEqual(resources(setUp(['a', 0], ['b', 5], ['c', 0], ['d', -1])), ['b', 'c', 'a', 'd'])
  })

  it('says which resource is new', () => {
    const online = setUp(['a', 0])
    assert.equal(online.add(parseJid('bob@ex.com/a'), 3), false)
    assert.equal(online.add(parseJid('bob@ex.com/b'), 0), true)
    assert.deepEqual(resources(online), ['a', 'b'])
  })

  it('loses one resource, or all of a user', () => {
    const online = setUp(['a', 0], ['b', 0])
    online.remove(parseJid('bob@ex.com/a'))
    assert.deepEqual(resources(online), ['b'])
    online.add(parseJid('bob@ex.com/c'), 0)
    online.remove(parseJid('bob@ex.com'))
    assert.deepEqual([resources(online), [...online.users]], [[], []])
  })

  it('remembers so many resources of a user only', () => {
    const online = setUp()
    for (let count = 0; count < 40; count += 1) online.add(parseJid(`bob@ex.com/${count}`), 0)
    assert.equal(resources(online).length, 32)
  })
})
