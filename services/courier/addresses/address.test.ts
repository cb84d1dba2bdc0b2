import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addressOf, userOf } from './address.ts'

const pairs = [
  ['bob@example.com', 'bob\\40example.com'],
  // Of XEP-0106 §5.1 and §5.2, with a domain behind it.
  ['d\\27artagnan@gascon.fr', 'd\\5c27artagnan\\40gascon.fr'],
  ['c\\3a\\5ccool@example.com', 'c\\5c3a\\5c5ccool\\40example.com'],
  ['back\\slash@example.com', 'back\\slash\\40example.com'],
] as const

describe('addressOf()', () => {
  for (const [user, local] of pairs) {
    it(`writes ${user} as ${local}`, () => {
      assert.deepEqual(addressOf(user, 'courier.example.com'), {
        local,
        domain: 'courier.example.com',
        resource: 'courier',
      })
    })
  }
})

describe('userOf()', () => {
  for (const [user, local] of pairs) it(`reads ${local} as ${user}`, () => assert.equal(userOf({ local }), user))

  it('knows nobody by a local part that is no JID with a local part', () => {
    for (const local of ['', 'bob', 'example.com', '\\40example.com', 'bob\\40', 'bob\\40example.com\\2fphone']) {
      assert.equal(userOf({ local }), undefined, local)
    }
  })
})
