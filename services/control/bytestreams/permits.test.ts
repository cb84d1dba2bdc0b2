import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { Permits } from './permits.ts'

const patient = { timeoutMs: 1000 }

describe('Permits.run()', () => {
  it('runs so many at once and the next in the order of their coming', async () => {
    const permits = new Permits({ clock: new ManualClock() }, 2)
    const order: string[] = []
    const gates = ['a', 'b', 'c', 'd'].map((name) => ({ name, ...Promise.withResolvers<void>() }))
    const runs = gates.map(({ name, promise }) =>
      permits.run(async () => {
        order.push(name)
        await promise
        return name
      }, patient),
    )
    await setImmediate()
    assert.deepEqual(order, ['a', 'b'])
    gates[1]?.resolve()
    await runs[1]
    await setImmediate()
    assert.deepEqual(order, ['a', 'b', 'c'])
    for (const gate of gates) gate.resolve()
    assert.deepEqual(await Promise.all(runs), ['a', 'b', 'c', 'd'])
  })

  it('gives up waiting, without running the task, when its time is over', async () => {
    const clock = new ManualClock()
    const permits = new Permits({ clock }, 1)
    const gate = Promise.withResolvers<void>()
    const first = permits.run(() => gate.promise, patient)
    const second = permits.run(async () => assert.fail('it ran'), patient)
    clock.advance(1000)
    assert.equal(await second, undefined)
    gate.resolve()
    await first
    assert.equal(await permits.run(async () => 'free again', patient), 'free again')
    assert.equal(clock.pending, 0)
  })

  it('frees the place of a task that failed', async () => {
    const permits = new Permits({ clock: new ManualClock() }, 1)
    await assert.rejects(permits.run(() => Promise.reject(new Error('no')), patient))
    assert.equal(await permits.run(async () => 'free', patient), 'free')
  })
})
