import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { MemoryBound, memoryShare, residentMemory } from './memory.ts'

describe('MemoryBound.exceeded', () => {
  it('follows what the process has, looking once a second', () => {
    const clock = new ManualClock()
    let resident = 99
    const memory = new MemoryBound({ clock, resident: () => resident }, 100)
    assert.equal(memory.exceeded, false)
    resident = 100
    assert.equal(memory.exceeded, false)
    clock.advance(1_000)
    assert.equal(memory.exceeded, true)
    resident = 50
    clock.advance(1_000)
    assert.equal(memory.exceeded, false)
  })

  it('is never true without a bound', () => {
    const resident = () => Number.MAX_SAFE_INTEGER
    assert.equal(new MemoryBound({ clock: new ManualClock(), resident }, undefined).exceeded, false)
  })
})

describe('memoryShare()', () => {
  it('is nine tenths of what the container has', () =>
    assert.equal(
      memoryShare(() => '1000\n'),
      900,
    ))
  it('is unknown where there is no limit', () =>
    assert.equal(
      memoryShare(() => 'max\n'),
      undefined,
    ))
  it('is unknown where nobody can say', () => {
    const missing = () => assert.fail('no such file')
    assert.equal(memoryShare(missing), undefined)
  })
})

describe('residentMemory()', () => {
  it('is what this process has', () => assert.ok(residentMemory() > 10_000_000))
  it('is read in kB', () =>
    assert.equal(
      residentMemory(() => 'VmHWM:\t  9 kB\nVmRSS:\t  12 kB\n'),
      12_288,
    ))
})
