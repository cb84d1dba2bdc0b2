import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { digestAsTyped } from '../../shared/bytestream/digest.ts'
import { Failure, type FailureCode } from '../../shared/bytestream/failure.ts'
import { type Room, roomKey } from '../../shared/bytestream/room.ts'
import { createMemoryRegistry } from '../../shared/registry/memory.ts'
import type { Registry, RelayRecord } from '../../shared/registry/registry.ts'
import type { ActivateRequest__Output as ActivateRequest } from '../../shared/rpc/generated/splice65/relay/v1/ActivateRequest.ts'
import type { RelayCalls } from '../../shared/rpc/relay-api.ts'
import { type Activated, type ActivatedOutcome, Activator } from './activator.ts'
import { Permits } from './permits.ts'

const room: Room = { digest: digestAsTyped('s1', 'a@ex.com/R', 'b@ex.org/T'), streamhost: '' }
const asTyped: Room = { digest: digestAsTyped('s1', 'A@ex.com/R', 'b@ex.org/T'), streamhost: '' }

const options = { overtakeMs: 2_000, activationTimeoutMs: 4_500, findHalvesTimeoutMs: 1_000 }

/** A relay as far as activations see it. */
class FakeRelay {
  readonly record: RelayRecord
  readonly halves = new Map<string, { id: string; waitedMs: number }[]>()
  readonly activated = new Set<string>()
  readonly activations: ActivateRequest[] = []
  asked = 0
  /** What the next activations do instead of joining. */
  refusals: FailureCode[] = []
  silent = false
  hold: Promise<void> | undefined

  constructor(name: string) {
    this.record = { name, rpcAddress: `${name}:1`, load: 0, draining: false, version: '1' }
  }

  holds(where: Room, ...halves: { id: string; waitedMs: number }[]): void {
    this.halves.set(roomKey(where), halves)
  }

  get calls(): RelayCalls {
    const unused = async () => assert.fail('activations do not call this')
    return {
      handoff: unused,
      listBytestreams: unused,
      endBytestream: unused,
      drain: unused,
      describe: unused,
      activate: async (request) => {
        this.activations.push(request)
        await this.hold
        const code = this.refusals.shift()
        if (code) throw new Failure(code, 'the relay refuses')
        return { path: 'PATH_LOCAL', bytestream: 'b1' }
      },
      findHalves: async ({ room: asked }) => {
        this.asked += 1
        if (this.silent) throw new Failure('unavailable', 'the relay is silent')
        const key = `${asked?.digest}:${asked?.streamhost}`
        return { halves: this.halves.get(key) ?? [], activated: this.activated.has(key) }
      },
    }
  }
}

function setUp(given: { relays?: string[]; known?: string[] } = {}) {
  const clock = new ManualClock()
  const relays = new Map((given.relays ?? ['r0', 'r1']).map((name) => [name, new FakeRelay(name)]))
  const relay = (name: string) => relays.get(name) ?? assert.fail(`there is no ${name}`)
  const memory = createMemoryRegistry({ clock })
  const store = { away: false, broken: false }
  const settlementsFailed: string[] = []
  const registry: Registry = new Proxy(memory, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name === 'settleActivation' && store.broken) return () => Promise.reject(new Error('a bug in the registry'))
      return (...args: unknown[]) =>
        store.away ? Promise.reject(new Failure('unavailable', 'Redis is away')) : value.apply(target, args)
    },
  })
  const known = () => (given.known ?? [...relays.keys()]).map((name) => relay(name).record)
  const activator = new Activator(
    {
      registry,
      clock,
      directory: {
        alive: known,
        known,
        find: (name) => known().find((record) => record.name === name),
        noneAlive: () => false,
        missingMs: () => 0,
        stop: async () => {},
      },
      relays: {
        at: (address) => relay(address.split(':')[0] ?? '').calls,
        warm() {},
        close() {},
      },
      permits: new Permits({ clock }, 4),
      events: { settlementFailed: (where, error) => void settlementsFailed.push(`${where.digest} ${error}`) },
    },
    options,
  )
  return {
    clock,
    store,
    settlementsFailed,
    registry,
    relay,
    claim: (id: string, relayName: string, where = room) =>
      memory.claim(where, { id, relay: relayName, replaceable: false }),
    activate: (prepared = room, ...others: Room[]) =>
      activator.activate({
        rooms: [prepared, ...others],
        requester: 'a@ex.com/R',
        target: 'b@ex.org/T',
      }),
    /** Lets the clock run until the promise settles; answers with how, and after how many milliseconds. */
    async outcome(promise: Promise<Activated>): Promise<{ outcome: ActivatedOutcome | FailureCode; tookMs: number }> {
      const startedMs = clock.now()
      let outcome: ActivatedOutcome | FailureCode | undefined
      promise.then(
        (activated) => {
          outcome = activated.outcome
        },
        (error) => {
          outcome = error instanceof Failure ? error.code : assert.fail(error)
        },
      )
      for (;;) {
        await setImmediate()
        if (outcome !== undefined) return { outcome, tookMs: clock.now() - startedMs }
        assert.ok(clock.now() - startedMs < 10_000, 'there is no answer')
        clock.advance(5)
      }
    },
  }
}

describe('Activator.activate()', () => {
  it('has the relay of the first half join the two', async () => {
    const { claim, activate, relay, registry, outcome } = setUp()
    await claim('h1', 'r1')
    await claim('h2', 'r0')
    assert.deepEqual(await outcome(activate()), { outcome: 'joined', tookMs: 0 })
    assert.deepEqual(relay('r1').activations, [
      {
        room,
        halves: [
          { id: 'h1', relay: 'r1', rpcAddress: 'r1:1' },
          { id: 'h2', relay: 'r0', rpcAddress: 'r0:1' },
        ],
        requester: 'a@ex.com/R',
        target: 'b@ex.org/T',
        selfTest: false,
        accounts: [],
      },
    ])
    assert.equal((await registry.claimActivation(room, 'another')).state, 'activated')
  })

  it('answers a repeated activation without another join', async () => {
    const { claim, activate, relay, outcome } = setUp()
    await claim('h1', 'r0')
    await claim('h2', 'r0')
    await outcome(activate())
    assert.deepEqual(await outcome(activate()), { outcome: 'repeated', tookMs: 0 })
    assert.equal(relay('r0').activations.length, 1)
  })

  it('gives two activations of one bytestream at the same time one join and both the result', async () => {
    const { claim, activate, relay, outcome } = setUp()
    await claim('h1', 'r0')
    await claim('h2', 'r0')
    const both = [activate(), activate()]
    for (const one of both) assert.equal((await outcome(one)).outcome, 'joined')
    assert.equal(relay('r0').activations.length, 1)
  })

  it('waits for the activation that another replica has under way', async () => {
    const { claim, activate, registry, clock, outcome } = setUp()
    await claim('h1', 'r0')
    await claim('h2', 'r0')
    await registry.claimActivation(room, 'another')
    clock.after(1_000, () => void registry.settleActivation(room, 'another', true))
    const { outcome: activated, tookMs } = await outcome(activate())
    assert.equal(activated, 'repeated')
    assert.ok(tookMs >= 1_000 && tookMs <= 1_300)
  })

  it('takes over the activation that another replica failed', async () => {
    const { claim, activate, registry, clock, outcome } = setUp()
    await claim('h1', 'r0')
    await claim('h2', 'r0')
    await registry.claimActivation(room, 'another')
    clock.after(1_000, () => void registry.settleActivation(room, 'another', false))
    assert.equal((await outcome(activate())).outcome, 'joined')
  })

  it('takes over, after two seconds, the activation of a replica that died before it asked a relay', async () => {
    const { claim, activate, relay, registry, outcome } = setUp()
    await claim('h1', 'r0')
    await claim('h2', 'r0')
    relay('r0').holds(room, { id: 'h1', waitedMs: 2 }, { id: 'h2', waitedMs: 1 })
    await registry.claimActivation(room, 'another')
    const { outcome: activated, tookMs } = await outcome(activate())
    assert.equal(activated, 'joined')
    assert.ok(tookMs >= 2_000 && tookMs <= 2_300)
  })

  it('gives up within five seconds on an activation that another replica never ends', async () => {
    const { claim, activate, registry, outcome } = setUp()
    await claim('h1', 'r0')
    await claim('h2', 'r0')
    await registry.claimActivation(room, 'another')
    const { outcome: code, tookMs } = await outcome(activate())
    assert.equal(code, 'unavailable')
    assert.ok(tookMs <= 5_000)
  })

  it('finds no half, after two seconds', async () => {
    const { activate, outcome } = setUp()
    const { outcome: code, tookMs } = await outcome(activate())
    assert.equal(code, 'not-found')
    assert.ok(tookMs >= 2_000 && tookMs <= 2_300)
  })

  it('finds one half only, after two seconds', async () => {
    const { claim, activate, outcome } = setUp()
    await claim('h1', 'r0')
    const { outcome: code, tookMs } = await outcome(activate())
    assert.equal(code, 'not-ready')
    assert.ok(tookMs >= 2_000 && tookMs <= 2_300)
  })

  it('waits for a half that it has overtaken, asking the relays once only', async () => {
    const { claim, activate, clock, relay, outcome } = setUp()
    await claim('h1', 'r0')
    clock.after(1_500, () => void claim('h2', 'r1'))
    const { outcome: activated, tookMs } = await outcome(activate())
    assert.equal(activated, 'joined')
    assert.ok(tookMs >= 1_500 && tookMs <= 1_800)
    assert.equal(relay('r0').asked, 1)
  })

  it('asks the relays what the registry has lost', async () => {
    const { activate, relay, outcome } = setUp()
    relay('r0').holds(room, { id: 'late', waitedMs: 10 })
    relay('r1').holds(room, { id: 'early', waitedMs: 90 })
    assert.deepEqual(await outcome(activate()), { outcome: 'joined', tookMs: 0 })
    assert.deepEqual(
      relay('r1').activations.map(({ halves }) => halves.map(({ id }) => id)),
      [['early', 'late']],
    )
  })

  it('learns from a relay that the bytestream is live', async () => {
    const { activate, relay, outcome } = setUp()
    relay('r1').activated.add(roomKey(room))
    assert.deepEqual(await outcome(activate()), { outcome: 'repeated', tookMs: 0 })
  })

  it('joins none of more than two halves', async () => {
    const { activate, relay, outcome } = setUp()
    relay('r0').holds(room, { id: 'h1', waitedMs: 1 }, { id: 'h2', waitedMs: 2 })
    relay('r1').holds(room, { id: 'h3', waitedMs: 3 })
    assert.deepEqual(await outcome(activate()), { outcome: 'not-ready', tookMs: 0 })
    assert.deepEqual([...relay('r0').activations, ...relay('r1').activations], [])
  })

  describe('without the registry', () => {
    it('joins the halves that the relays hold', async () => {
      const { activate, relay, store, outcome } = setUp()
      store.away = true
      relay('r0').holds(room, { id: 'h1', waitedMs: 2 }, { id: 'h2', waitedMs: 1 })
      assert.deepEqual(await outcome(activate()), { outcome: 'joined', tookMs: 0 })
    })

    it('keeps asking the relays, gently, for a half that it has overtaken', async () => {
      const { activate, relay, store, clock, outcome } = setUp()
      store.away = true
      relay('r0').holds(room, { id: 'h1', waitedMs: 2 })
      clock.after(1_600, () => relay('r1').holds(room, { id: 'h2', waitedMs: 0 }))
      assert.equal((await outcome(activate())).outcome, 'joined')
      assert.ok(relay('r0').asked <= 10)
    })

    it('tells none from one half', async () => {
      const { activate, relay, store, outcome } = setUp()
      store.away = true
      assert.equal((await outcome(activate())).outcome, 'not-found')
      relay('r0').holds(room, { id: 'h1', waitedMs: 2 })
      assert.equal((await outcome(activate())).outcome, 'not-ready')
    })

    it('takes a relay that does not answer for one that holds nothing', async () => {
      const { activate, relay, store, outcome } = setUp()
      store.away = true
      relay('r1').silent = true
      relay('r0').holds(room, { id: 'h1', waitedMs: 2 }, { id: 'h2', waitedMs: 1 })
      assert.equal((await outcome(activate())).outcome, 'joined')
    })

    it('is unavailable when no relay answers either', async () => {
      const { activate, relay, store, outcome } = setUp()
      store.away = true
      for (const name of ['r0', 'r1']) relay(name).silent = true
      assert.equal((await outcome(activate())).outcome, 'unavailable')
    })

    it('answers the result though it cannot be recorded', async () => {
      const { claim, activate, relay, store, outcome } = setUp()
      await claim('h1', 'r0')
      await claim('h2', 'r0')
      const joining = Promise.withResolvers<void>()
      relay('r0').hold = joining.promise
      const activated = activate()
      while (relay('r0').activations.length === 0) await setImmediate()
      store.away = true
      joining.resolve()
      assert.equal((await outcome(activated)).outcome, 'joined')
    })
  })

  describe('with a digest as typed', () => {
    it('tries it when the prepared one finds nothing', async () => {
      const { claim, activate, relay, outcome } = setUp()
      await claim('h1', 'r0', asTyped)
      await claim('h2', 'r0', asTyped)
      assert.deepEqual(await outcome(activate(room, asTyped)), { outcome: 'joined', tookMs: 0 })
      assert.deepEqual(relay('r0').activations[0]?.room, asTyped)
    })

    it('tries it among the relays too', async () => {
      const { activate, relay, store, outcome } = setUp()
      store.away = true
      relay('r0').holds(asTyped, { id: 'h1', waitedMs: 2 }, { id: 'h2', waitedMs: 1 })
      assert.equal((await outcome(activate(room, asTyped))).outcome, 'joined')
    })

    it('leaves it alone when the prepared one finds a half', async () => {
      const { claim, activate, outcome } = setUp()
      await claim('h0', 'r0')
      await claim('h1', 'r0', asTyped)
      await claim('h2', 'r0', asTyped)
      assert.equal((await outcome(activate(room, asTyped))).outcome, 'not-ready')
    })
  })

  describe('when a relay refuses', () => {
    for (const code of ['not-found', 'not-ready'] as const) {
      it(`asks the relays again after ${code}: the registry named a half that is gone`, async () => {
        const { claim, activate, relay, outcome } = setUp()
        await claim('stale', 'r0')
        await claim('h2', 'r1')
        relay('r0').refusals = [code]
        relay('r1').holds(room, { id: 'h2', waitedMs: 9 }, { id: 'h3', waitedMs: 1 })
        assert.equal((await outcome(activate())).outcome, 'joined')
        assert.deepEqual(
          relay('r1').activations[0]?.halves.map(({ id }) => id),
          ['h2', 'h3'],
        )
      })
    }

    it('says how many halves are left of a pair that has gone', async () => {
      const { claim, activate, relay, outcome } = setUp()
      await claim('stale', 'r0')
      await claim('h2', 'r1')
      relay('r0').refusals = ['not-ready']
      relay('r1').holds(room, { id: 'h2', waitedMs: 9 })
      assert.equal((await outcome(activate())).outcome, 'not-ready')
    })

    const answers: [refusal: FailureCode, answer: FailureCode][] = [
      ['unavailable', 'unavailable'],
      ['internal', 'unavailable'],
      ['forbidden', 'unavailable'],
      ['malformed', 'unavailable'],
      ['over-limit', 'over-limit'],
    ]
    for (const [refusal, answer] of answers) {
      it(`answers ${answer} to ${refusal}, and the halves wait on`, async () => {
        const { claim, activate, relay, registry, outcome } = setUp()
        await claim('h1', 'r0')
        await claim('h2', 'r0')
        relay('r0').refusals = [refusal]
        assert.deepEqual(await outcome(activate()), { outcome: answer, tookMs: 0 })
        assert.equal((await registry.claimActivation(room, 'another')).state, 'claimed')
        await registry.settleActivation(room, 'another', false)
        assert.equal((await outcome(activate())).outcome, 'joined')
      })
    }
  })

  it('does not join a half whose relay it has never heard of', async () => {
    const { claim, activate, outcome } = setUp({ known: ['r0'] })
    await claim('h1', 'r0')
    await claim('h2', 'r1')
    assert.equal((await outcome(activate())).outcome, 'not-found')
  })

  it('keeps rooms of different streamhosts apart', async () => {
    const { claim, activate, outcome } = setUp()
    await claim('h1', 'r0')
    await claim('h2', 'r0', { ...room, streamhost: 'r1' })
    assert.equal((await outcome(activate())).outcome, 'not-ready')
  })

  it('joins the pair of another streamhost when nobody is in the likeliest room, with or without the registry', async () => {
    const own = { ...room, streamhost: 'r1' }
    const { claim, activate, relay, outcome } = setUp()
    await claim('h1', 'r1', own)
    await claim('h2', 'r1', own)
    assert.deepEqual(await outcome(activate(room, own)), { outcome: 'joined', tookMs: 0 })
    assert.deepEqual(relay('r1').activations[0]?.room, own)

    const flushed = setUp()
    flushed.relay('r1').holds(own, { id: 'h1', waitedMs: 2 }, { id: 'h2', waitedMs: 1 })
    assert.deepEqual(await flushed.outcome(flushed.activate(room, own)), { outcome: 'joined', tookMs: 0 })
    assert.deepEqual([flushed.relay('r0').asked, flushed.relay('r1').asked], [1, 2])
  })

  it('goes by what the relays did when the registry cannot be told, and says so', async () => {
    const { claim, activate, relay, store, outcome, settlementsFailed } = setUp()
    store.broken = true
    await claim('h1', 'r0')
    await claim('h2', 'r0')
    relay('r0').refusals = ['over-limit']
    assert.equal((await outcome(activate())).outcome, 'over-limit')
    relay('r0').holds(asTyped, { id: 'h3', waitedMs: 2 }, { id: 'h4', waitedMs: 1 })
    await claim('h3', 'r0', asTyped)
    await claim('h4', 'r0', asTyped)
    assert.equal((await outcome(activate(asTyped))).outcome, 'joined')
    await setImmediate()
    assert.deepEqual(settlementsFailed, [
      `${room.digest} Error: a bug in the registry`,
      `${asTyped.digest} Error: a bug in the registry`,
    ])
  })

  it('leaves no timer behind', async () => {
    const { activate, clock, outcome } = setUp()
    await outcome(activate())
    clock.advance(60_000)
    assert.equal(clock.pending, 0)
  })
})
