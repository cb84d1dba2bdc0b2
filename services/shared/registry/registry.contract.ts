import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { afterEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { digestAsTyped } from '../bytestream/digest.ts'
import { Failure } from '../bytestream/failure.ts'
import type { Room } from '../bytestream/room.ts'
import { type Operation, operations, perform } from './registry.operations.ts'
import type { HalfRecord, Registry, RegistryTerms, RelayRecord } from './registry.ts'

/** A registry under test, and the way its time passes. */
export interface RegistryUnderTest {
  readonly registry: Registry
  /** Lets time pass until the condition holds. */
  until(what: string, condition: () => Promise<boolean>): Promise<void>
}

/**
 * What every registry promises. `open` makes one whose terms are the defaults but for those given; the suite closes it.
 */
export function registryContract(
  name: string,
  open: (terms?: Partial<RegistryTerms>) => Promise<RegistryUnderTest>,
): void {
  describe(`${name} registry`, () => {
    const opened: Registry[] = []
    const openTracked = async (terms?: Partial<RegistryTerms>) => {
      const subject = await open(terms)
      opened.push(subject.registry)
      return subject
    }
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((registry) => registry.close()))
    })

    describe('claim()', () => {
      it('lets exactly two of fifty win, one slot each, and refuses the others with taken', async () => {
        const { registry } = await openTracked()
        const room = randomRoom()
        const halves = Array.from({ length: 50 }, () => randomHalf())
        const settled = await Promise.allSettled(halves.map((half) => registry.claim(room, half)))
        const won = settled.filter((result) => result.status === 'fulfilled').map((result) => result.value.slot)
        const lost = settled.filter((result) => result.status === 'rejected').map((result) => result.reason)
        assert.deepEqual(won.sort(), ['first', 'second'])
        assert.equal(lost.length, 48)
        for (const reason of lost) assert.ok(reason instanceof Failure && reason.code === 'taken', String(reason))
      })

      it('leaves the two in place when it refuses a third', async () => {
        const { registry } = await openTracked()
        const { room, first, second } = await pairIn(registry)
        await assert.rejects(registry.claim(room, randomHalf()), { code: 'taken' })
        assert.deepEqual(await halvesIn(registry, room), [first, second])
      })

      it('says in a refusal no more of the digest than its abbreviation', async () => {
        const { registry } = await openTracked()
        const { room } = await pairIn(registry)
        await assert.rejects(registry.claim(room, randomHalf()), (error: Error) => !error.message.includes(room.digest))
      })

      it('answers the same slot when it is repeated', async () => {
        const { registry } = await openTracked()
        const { room, second } = await pairIn(registry)
        assert.deepEqual(await registry.claim(room, second), { slot: 'second' })
      })

      it('puts a newcomer in the place of a replaceable half and says whose it was', async () => {
        const { registry } = await openTracked()
        const { room, first, second } = await pairIn(registry)
        const leaving = { ...second, replaceable: true }
        await registry.renew(room, leaving)
        const newcomer = randomHalf()
        assert.deepEqual(await registry.claim(room, newcomer), { slot: 'second', replaced: leaving })
        assert.deepEqual(await halvesIn(registry, room), [first, newcomer])
      })

      it('prefers a free slot to a replaceable half', async () => {
        const { registry } = await openTracked()
        const room = randomRoom()
        const leaving = randomHalf({ replaceable: true })
        await registry.claim(room, leaving)
        const newcomer = randomHalf()
        assert.deepEqual(await registry.claim(room, newcomer), { slot: 'second' })
        assert.deepEqual(await halvesIn(registry, room), [leaving, newcomer])
      })

      it('replaces nobody while an activation holds the room', async () => {
        const { registry } = await openTracked()
        const { room, first } = await pairIn(registry)
        await registry.renew(room, { ...first, replaceable: true })
        await registry.claimActivation(room, 'alice')
        await assert.rejects(registry.claim(room, randomHalf()), { code: 'taken' })
        await registry.settleActivation(room, 'alice', false)
        const { slot } = await registry.claim(room, randomHalf())
        assert.equal(slot, 'first')
      })

      it('keeps rooms of one digest on different streamhosts apart', async () => {
        const { registry } = await openTracked()
        const { room, first, second } = await pairIn(registry)
        const other = { ...room, streamhost: 'relay-1' }
        const half = randomHalf()
        assert.deepEqual(await registry.claim(other, half), { slot: 'first' })
        assert.deepEqual(await halvesIn(registry, other), [half])
        assert.deepEqual(await halvesIn(registry, room), [first, second])
      })
    })

    describe('lease of a half', () => {
      it('frees only its own slot when it runs out', async () => {
        const { registry, until } = await openTracked({ halfLeaseMs: 1_000 })
        const { room, second } = await pairIn(registry)
        await until('the first half has run out', async () => {
          assert.equal(await registry.renew(room, second), true)
          const halves = await halvesIn(registry, room)
          return halves.length === 1 && halves[0]?.id === second.id
        })
        assert.deepEqual(await registry.claim(room, randomHalf()), { slot: 'first' })
      })
    })

    describe('renew()', () => {
      it('registers a half again that was lost', async () => {
        const { registry, until } = await openTracked({ halfLeaseMs: 100 })
        const room = randomRoom()
        const half = randomHalf()
        await registry.claim(room, half)
        await until('the half has run out', async () => (await halvesIn(registry, room)).length === 0)
        assert.equal(await registry.renew(room, half), true)
        assert.deepEqual(await registry.claim(room, half), { slot: 'first' })
      })

      it('is false, and changes nothing, when two others hold the room', async () => {
        const { registry } = await openTracked()
        const { room, first, second } = await pairIn(registry)
        assert.equal(await registry.renew(room, randomHalf()), false)
        assert.deepEqual(await halvesIn(registry, room), [first, second])
      })

      it('does not take the place of a replaceable half', async () => {
        const { registry } = await openTracked()
        const room = randomRoom()
        await registry.claim(room, randomHalf({ replaceable: true }))
        await registry.claim(room, randomHalf())
        assert.equal(await registry.renew(room, randomHalf()), false)
      })

      it('is false in a buried room', async () => {
        const { registry } = await openTracked()
        const { room, first } = await pairIn(registry)
        await registry.bury(room)
        assert.equal(await registry.renew(room, first), false)
      })

      it('writes the record anew', async () => {
        const { registry } = await openTracked()
        const { room, first, second } = await pairIn(registry)
        const changed = { ...first, replaceable: true }
        await registry.renew(room, changed)
        assert.deepEqual(await halvesIn(registry, room), [changed, second])
      })
    })

    describe('release()', () => {
      it('frees the slot of this half and no other', async () => {
        const { registry } = await openTracked()
        const { room, first, second } = await pairIn(registry)
        await registry.release(room, first.id)
        assert.deepEqual(await halvesIn(registry, room), [second])
      })

      it('leaves the slot alone when it is another half’s by now', async () => {
        const { registry } = await openTracked()
        const { room, first, second } = await pairIn(registry)
        await registry.renew(room, { ...first, replaceable: true })
        const newcomer = randomHalf()
        await registry.claim(room, newcomer)
        await registry.release(room, first.id)
        assert.deepEqual(await halvesIn(registry, room), [newcomer, second])
      })

      it('does nothing for a half or a room that it never saw', async () => {
        const { registry } = await openTracked()
        await registry.release(randomRoom(), 'nobody')
      })
    })

    describe('claimActivation()', () => {
      it('finds an empty room and a lone half waiting', async () => {
        const { registry } = await openTracked()
        const room = randomRoom()
        assert.deepEqual(await registry.claimActivation(room, 'alice'), { state: 'waiting', halves: [] })
        const half = randomHalf()
        await registry.claim(room, half)
        assert.deepEqual(await registry.claimActivation(room, 'alice'), { state: 'waiting', halves: [half] })
        await registry.claim(room, randomHalf())
        assert.equal((await registry.claimActivation(room, 'bob')).state, 'claimed')
      })

      it('gives both halves, first and second, and is idempotent for one claimant', async () => {
        const { registry } = await openTracked()
        const { room, first, second } = await pairIn(registry)
        const claimed = { state: 'claimed', halves: [first, second] }
        assert.deepEqual(await registry.claimActivation(room, 'alice'), claimed)
        assert.deepEqual(await registry.claimActivation(room, 'alice'), claimed)
      })

      it('lets one of many claimants win', async () => {
        const { registry } = await openTracked()
        const { room } = await pairIn(registry)
        const claimants = Array.from({ length: 20 }, () => randomUUID())
        const claims = await Promise.all(claimants.map((claimant) => registry.claimActivation(room, claimant)))
        const states = claims.map((claim) => claim.state).sort()
        assert.deepEqual(states, [...Array(19).fill('activating'), 'claimed'])
      })

      it('is void when its lease runs out', async () => {
        const { registry, until } = await openTracked({ activationLeaseMs: 100 })
        const { room } = await pairIn(registry)
        await registry.claimActivation(room, 'alice')
        await until('the activation has run out', async () => {
          return (await registry.claimActivation(room, 'bob')).state === 'claimed'
        })
      })

      it('claims nothing when a half has left since', async () => {
        const { registry } = await openTracked()
        const { room, first, second } = await pairIn(registry)
        await registry.claimActivation(room, 'alice')
        await registry.release(room, first.id)
        assert.deepEqual(await registry.claimActivation(room, 'alice'), { state: 'waiting', halves: [second] })
        assert.deepEqual(await registry.claimActivation(room, 'bob'), { state: 'waiting', halves: [second] })
      })
    })

    describe('settleActivation()', () => {
      it('leaves a tombstone when the two were joined', async () => {
        const { registry } = await openTracked()
        const { room, first } = await pairIn(registry)
        await registry.claimActivation(room, 'alice')
        await registry.settleActivation(room, 'alice', true)
        assert.deepEqual(await registry.claimActivation(room, 'alice'), { state: 'activated' })
        await assert.rejects(registry.claim(room, first), { code: 'taken' })
      })

      it('leaves a tombstone even when the room was forgotten meanwhile', async () => {
        const { registry } = await openTracked()
        const room = randomRoom()
        await registry.settleActivation(room, 'alice', true)
        assert.deepEqual(await registry.claimActivation(room, 'bob'), { state: 'activated' })
      })

      it('lets both wait on when they were not joined', async () => {
        const { registry } = await openTracked()
        const { room, first, second } = await pairIn(registry)
        await registry.claimActivation(room, 'alice')
        await registry.settleActivation(room, 'alice', false)
        assert.deepEqual(await registry.claimActivation(room, 'bob'), { state: 'claimed', halves: [first, second] })
      })

      it('gives up no other claimant’s activation', async () => {
        const { registry } = await openTracked()
        const { room } = await pairIn(registry)
        await registry.claimActivation(room, 'alice')
        await registry.settleActivation(room, 'bob', false)
        assert.deepEqual(await registry.claimActivation(room, 'bob'), { state: 'activating' })
      })
    })

    describe('bury()', () => {
      it('closes a room, with or without halves, to newcomers and activations', async () => {
        const { registry } = await openTracked()
        const { room } = await pairIn(registry)
        for (const buried of [room, randomRoom()]) {
          await registry.bury(buried)
          await assert.rejects(registry.claim(buried, randomHalf()), { code: 'taken' })
          assert.deepEqual(await registry.claimActivation(buried, 'alice'), { state: 'activated' })
        }
      })

      it('opens the room again when the tombstone is gone', async () => {
        const { registry, until } = await openTracked({ tombstoneMs: 100 })
        const { room } = await pairIn(registry)
        await registry.bury(room)
        await until('the tombstone is gone', async () => {
          return (await registry.claimActivation(room, 'alice')).state === 'waiting'
        })
        assert.deepEqual(await registry.claim(room, randomHalf()), { slot: 'first' })
      })
    })

    describe('relays()', () => {
      it('lists what was announced last, in the order of names', async () => {
        const { registry } = await openTracked()
        const prefix = randomUUID()
        const plain = randomRelay(`${prefix}-b`)
        const advertised = { ...randomRelay(`${prefix}-a`), streamhost: { host: 'a.example.com', port: 1080 } }
        const draining = { ...randomRelay(`${prefix}-B`), draining: true, load: 7, waiting: 5 }
        for (const relay of [plain, randomRelay(advertised.name), draining, advertised]) await registry.announce(relay)
        assert.deepEqual(await relaysOf(registry, prefix), [draining, advertised, plain])
      })

      it('is what an announcement answers, with the relay that makes it', async () => {
        const { registry } = await openTracked()
        const prefix = randomUUID()
        const [early, late] = [randomRelay(`${prefix}-b`), { ...randomRelay(`${prefix}-a`), waiting: 3 }]
        await registry.announce(early)
        const listed = await registry.announce(late)
        assert.deepEqual(
          listed.filter(({ name }) => name.startsWith(prefix)),
          [late, early],
        )
      })

      it('forgets a withdrawn relay at once', async () => {
        const { registry } = await openTracked()
        const prefix = randomUUID()
        const [staying, leaving] = [randomRelay(`${prefix}-a`), randomRelay(`${prefix}-b`)]
        await registry.announce(staying)
        await registry.announce(leaving)
        await registry.withdraw(leaving.name)
        await registry.withdraw(leaving.name)
        assert.deepEqual(await relaysOf(registry, prefix), [staying])
      })

      it('forgets a relay that announces itself no more', async () => {
        const { registry, until } = await openTracked({ relayLeaseMs: 200 })
        const prefix = randomUUID()
        const [silent, alive] = [randomRelay(`${prefix}-a`), randomRelay(`${prefix}-b`)]
        await registry.announce(silent)
        await until('only the other is listed', async () => {
          await registry.announce(alive)
          const names = (await relaysOf(registry, prefix)).map((relay) => relay.name)
          return names.length === 1 && names[0] === alive.name
        })
      })
    })

    it('never knows more than two halves, and always the ones that it told so', async () => {
      const { registry } = await openTracked()
      await fc.assert(
        fc.asyncProperty(operations, async (steps) => {
          const room = randomRoom()
          const holders = new Set<string>()
          for (const step of steps) {
            follow(holders, step, await perform(registry, room, step))
            assert.ok(holders.size <= 2)
            const probe = await registry.claimActivation(room, 'probe')
            if (probe.state === 'claimed') await registry.settleActivation(room, 'probe', false)
            if (probe.state === 'waiting' || probe.state === 'claimed') {
              assert.deepEqual(new Set(probe.halves.map((half) => half.id)), holders)
            }
          }
        }),
        { numRuns: 60 },
      )
    })
  })
}

/** Who holds a slot by the answers of the registry alone. */
function follow(holders: Set<string>, step: Operation, answer: unknown): void {
  switch (step.kind) {
    case 'claim': {
      if (answer === 'taken') return
      const { replaced } = answer as { replaced?: HalfRecord }
      if (replaced) holders.delete(replaced.id)
      holders.add(step.half.id)
      return
    }
    case 'renew':
      if (answer === true) holders.add(step.half.id)
      else assert.ok(!holders.has(step.half.id), 'a holder cannot be refused its renewal')
      return
    case 'release':
      holders.delete(step.half.id)
      return
    case 'claimActivation':
      return
    case 'settleActivation':
      if (step.joined) holders.clear()
      return
    case 'bury':
      holders.clear()
      return
  }
}

/** A room that no other test uses. */
export function randomRoom(): Room {
  return {
    digest: digestAsTyped(randomBytes(8).toString('hex'), 'alice@example.com/a', 'bob@example.com/b'),
    streamhost: '',
  }
}

export function randomHalf(given: Partial<HalfRecord> = {}): HalfRecord {
  return { id: randomUUID(), relay: 'relay-0', replaceable: false, ...given }
}

export function randomRelay(name: string): RelayRecord {
  return { name, rpcAddress: '10.0.0.1:50051', load: 0, draining: false, version: '1.2.3' }
}

/** The halves that wait in a room. */
export async function halvesIn(registry: Registry, room: Room): Promise<readonly HalfRecord[]> {
  const claim = await registry.claimActivation(room, 'probe')
  if (claim.state === 'claimed') await registry.settleActivation(room, 'probe', false)
  assert.ok(claim.state === 'waiting' || claim.state === 'claimed', `the room is ${claim.state}`)
  return claim.halves
}

/** A room with two halves in it. */
export async function pairIn(registry: Registry): Promise<{ room: Room; first: HalfRecord; second: HalfRecord }> {
  const [room, first, second] = [randomRoom(), randomHalf(), randomHalf({ relay: 'relay-1' })]
  assert.deepEqual(await registry.claim(room, first), { slot: 'first' })
  assert.deepEqual(await registry.claim(room, second), { slot: 'second' })
  return { room, first, second }
}

async function relaysOf(registry: Registry, prefix: string): Promise<RelayRecord[]> {
  return (await registry.relays()).filter((relay) => relay.name.startsWith(prefix))
}
