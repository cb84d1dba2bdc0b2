import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { capacityOf, demandSockets, descriptorLimit } from './capacity.ts'

const MIB = 1024 * 1024

describe('capacityOf()', () => {
  it('keeps a reserve back, at most half of a small limit, and room for the pipes', () => {
    assert.deepEqual(capacityOf(1_048_576, 32 * MIB), { sockets: 942_566, pipes: 512 })
    assert.deepEqual(capacityOf(1_024, 32 * MIB), { sockets: 633, pipes: 32 })
    assert.deepEqual(capacityOf(256, 32 * MIB), { sockets: 100, pipes: 8 })
    assert.deepEqual(capacityOf(1, 32 * MIB), { sockets: 2, pipes: 1 })
  })

  it('gives no more pipes than the budget buys', () => {
    assert.equal(capacityOf(1_048_576, MIB).pipes, 16)
  })
})

describe('demandSockets()', () => {
  const capacity = { sockets: 100, pipes: 8 }

  it('is what the descriptors allow, or less where that was said', () => {
    assert.equal(demandSockets({ sockets: 500, pipes: 8 }, undefined), 500)
    assert.equal(demandSockets(capacity, 100), 100)
    assert.equal(demandSockets(capacity, 2), 2)
  })

  it('refuses a limit that leaves few sockets unless so few were asked for', () => {
    assert.throws(() => demandSockets(capacity, undefined), /leaves 100 sockets, fewer than 500.*RELAY_MAX_SOCKETS/)
  })

  it('refuses to promise more than the descriptors allow', () => {
    assert.throws(() => demandSockets(capacity, 101), /RELAY_MAX_SOCKETS is 101.* leaves 100 sockets/)
  })
})

describe('descriptorLimit()', () => {
  it('is what this process may open', () => assert.ok(descriptorLimit() >= 64))
})
