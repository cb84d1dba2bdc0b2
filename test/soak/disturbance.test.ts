import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Redis } from 'ioredis'
import type { Attempt, Phase } from './attempt.ts'
import { Disturbances } from './disturbance.ts'
import { WrongBytes } from './keyed-bytes.ts'
import type { Stage } from './stage.ts'

const broken = new Error('The connection broke')

describe('Disturbances.excuse()', () => {
  it('excuses what a killed relay carried, for as long as it is away', async () => {
    const { disturbances, during } = await upTo('relay-2 killed')
    for (const attempt of [during, attemptAt(during.startedMs, { relays: ['relay-2', 'relay-0'] })]) {
      assert.equal(disturbances.excuse(attempt, broken), 'relay-2 killed')
    }
    assert.equal(
      disturbances.excuse(attemptAt(during.startedMs, { relays: ['relay-0', 'relay-1'] }), broken),
      undefined,
    )
    assert.equal(disturbances.excuse(attemptAt(performance.now() + 1), broken), undefined)
  })

  it('excuses an activation that a killed control had in its hands', async () => {
    const { disturbances, during } = await upTo('control-1 killed')
    const attempt = (phase: Phase) => attemptAt(during.startedMs, { phase, relays: ['relay-0'] })
    assert.equal(disturbances.excuse(attempt('activating'), broken), 'control-1 killed')
    assert.equal(disturbances.excuse(attempt('flowing'), broken), undefined)
  })

  for (const what of ['Redis flushed', 'Redis restarted', 'relay-2 told to stop', 'control-1 told to stop']) {
    it(`excuses nothing by this: ${what}`, async () => {
      const { disturbances, during } = await upTo(what)
      for (const phase of ['dialling', 'activating', 'flowing'] as const) {
        assert.equal(disturbances.excuse(attemptAt(during.startedMs, { phase }), broken), undefined)
      }
    })
  }

  it('excuses what was under way when this machine stood still', async () => {
    const { disturbances } = await upTo('Redis restarted')
    const [before, after] = [attemptAt(performance.now()), attemptAt(performance.now() + 60_000)]
    assert.equal(disturbances.excuse(before, broken), undefined)
    disturbances.stoodStill(before.startedMs)
    assert.equal(disturbances.excuse(before, broken), 'this machine stood still')
    assert.equal(disturbances.excuse(after, broken), undefined)
    assert.equal(disturbances.excuse(before, new WrongBytes('A wrong byte came after 7')), undefined)
  })

  it('excuses what the kernel resets when it has no memory left', async () => {
    const { disturbances } = await upTo('Redis restarted')
    const attempt = attemptAt(performance.now(), { resetsBefore: 7 })
    assert.equal(disturbances.excuse(attempt, broken, 7), undefined)
    assert.equal(disturbances.excuse(attempt, broken, 8), 'this machine had no memory left for TCP')
    assert.equal(disturbances.excuse(attempt, new WrongBytes('A wrong byte came after 7'), 8), undefined)
  })

  it('never excuses wrong bytes', async () => {
    const { disturbances, during } = await upTo('relay-2 killed')
    assert.equal(disturbances.excuse(during, new WrongBytes('A wrong byte came after 7')), undefined)
  })
})

describe('Disturbances.next()', () => {
  it('does nothing but what it was asked for, in turn', async () => {
    const disturbances = disturbancesOf('Redis')
    const told: string[] = []
    for (let i = 0; i < 3; i++) await disturbances.next((what) => told.push(what))
    assert.deepEqual(told, ['Redis restarted', 'Redis flushed', 'Redis restarted'])
  })

  it('has to be asked for something that there is', () => {
    assert.throws(
      () => disturbancesOf('Valkey'),
      /Cannot disturb "Valkey": it is in none of Redis restarted, relay-2 killed/,
    )
  })
})

/** Does one thing after the other until this one is done, with an attempt on relay-2 that began just before it. */
async function upTo(wanted: string): Promise<{ disturbances: Disturbances; during: Attempt }> {
  const disturbances = disturbancesOf()
  let told = ''
  let during = attemptAt(performance.now())
  while (told !== wanted) {
    during = attemptAt(performance.now())
    await disturbances.next((what) => {
      told = what
    })
  }
  return { disturbances, during }
}

function disturbancesOf(only?: string): Disturbances {
  const service = (name: string) => ({ name, current: { kill() {} }, replace: async () => {} })
  const stage = { relay: service('relay-2'), control: service('control-1'), redis: { restart: async () => {} } }
  const index = { flushall: async () => 'OK' }
  return new Disturbances(stage as unknown as Stage, index as unknown as Redis, only)
}

function attemptAt(
  startedMs: number,
  {
    phase = 'flowing',
    relays = ['relay-2'],
    resetsBefore = Number.POSITIVE_INFINITY,
  }: { phase?: Phase; relays?: string[]; resetsBefore?: number } = {},
): Attempt {
  return { startedMs, resetsBefore, phase, relays: new Set(relays) } as unknown as Attempt
}
