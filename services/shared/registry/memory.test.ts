import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { accountsContract } from './accounts.contract.ts'
import { createMemoryRegistry } from './memory.ts'
import { randomHalf, randomRelay, randomRoom, registryContract } from './registry.contract.ts'

for (const contract of [registryContract, accountsContract])
  contract('memory', async (terms = {}) => {
    const clock = new ManualClock()
    return {
      registry: createMemoryRegistry({ clock, terms }),
      async until(what, condition) {
        for (let steps = 0; !(await condition()); steps++) {
          assert.ok(steps < 1000, `waited in vain until ${what}`)
          clock.advance(20)
        }
      },
    }
  })

describe('createMemoryRegistry()', () => {
  it('forgets rooms and relays that nobody asks for any more, and then lets the clock alone', async () => {
    const clock = new ManualClock()
    const registry = createMemoryRegistry({ clock })
    await registry.claim(randomRoom(), randomHalf())
    await registry.bury(randomRoom())
    await registry.announce(randomRelay('relay-0'))
    await registry.accounts.renew('alice', 'a')
    clock.advance(30_000)
    assert.equal(clock.pending, 1)
    clock.advance(30_000)
    assert.equal(clock.pending, 0)
  })

  it('holds no timer once it is closed', async () => {
    const clock = new ManualClock()
    const registry = createMemoryRegistry({ clock })
    await registry.claim(randomRoom(), randomHalf())
    await registry.close()
    assert.equal(clock.pending, 0)
  })
})
