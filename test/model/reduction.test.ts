import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { clients } from './cases.ts'
import { exploreOnThread } from './explorer-thread.ts'
import { type Case, System } from './system.ts'

const outage = ['stop registry', 'start registry'] as const
const crashes = ['crash A', 'crash B', 'crash 1', 'crash 2'] as const
const whole: Case = { clients: clients('A', 'B', 'A'), faults: [...crashes, 'flush registry', ...outage] }

/** How many states of the whole are looked at. */
const SAMPLES = 250

describe('exploreOnThread()', () => {
  const small: readonly [what: string, given: Case][] = [
    ['a third connection', { clients: clients('A', 'A', 'B'), faults: [] }],
    ['a crash', { clients: clients('A', 'A'), faults: crashes }],
    ['an outage of the registry', { clients: clients('A', 'A'), faults: outage }],
  ]
  for (const [what, given] of small) {
    it(`reaches with less effort what it would reach by trying everything: ${what}`, async () => {
      const reduced = await exploreOnThread(given)
      const all = await exploreOnThread(given, { reduce: false })
      assert.deepEqual([reduced.states, reduced.ends], [all.states, all.ends])
      assert.ok(reduced.steps < all.steps, `${reduced.steps} steps instead of ${all.steps}`)
    })
  }
})

describe('System', () => {
  const paths: string[][] = []
  before(async () => {
    for (let seed = 1; seed <= SAMPLES; seed++) paths.push(await wander(seed))
  })

  it('calls things independent that lead to the same in either order', async () => {
    let pairs = 0
    for (const path of paths) {
      const system = await after(path)
      for (const one of system.next) {
        for (const other of system.next) {
          if (one >= other || !system.independent(one, other)) continue
          const [there, back] = [await after([...path, one, other]), await after([...path, other, one])]
          assert.equal(
            (await there.state()).text,
            (await back.state()).text,
            `${one}, ${other} after ${path.join(', ')}`,
          )
          pairs += 1
        }
      }
    }
    assert.ok(pairs > SAMPLES, `only ${pairs} pairs were compared`)
  })

  it('goes on in the same way from what it calls the same state', async () => {
    const seen = new Map<string, Map<string, string>>()
    let again = 0
    for (const path of paths) {
      const system = await after(path)
      const { text, rename } = await system.state()
      const following = new Map<string, string>()
      for (const label of system.next) {
        following.set(rename(label), (await (await after([...path, label])).state()).text)
      }
      const before = seen.get(text)
      if (before) again += 1
      assert.deepEqual(following, before ?? following, path.join(', '))
      seen.set(text, following)
    }
    assert.ok(again > 10, `only ${again} states were the same`)
  })
})

/** A run that is the same for the same seed, of any length. */
async function wander(seed: number): Promise<string[]> {
  const system = await System.start(whole)
  let random = seed
  const upTo = (count: number) => {
    random = (random * 48_271) % 2_147_483_647
    return random % count
  }
  upTo(1)
  for (let length = upTo(25); length > 0 && system.next.length > 0; length--) {
    await system.happen(system.next[upTo(system.next.length)] ?? '')
  }
  return system.happened
}

async function after(path: readonly string[]): Promise<System> {
  const system = await System.start(whole)
  for (const label of path) await system.happen(label)
  return system
}
