import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { activate, freshDigest, startRelays, type TestRelays } from '../../test/support/relays.ts'
import { closed, dialHalf, readUpTo } from '../../test/support/socks-client.ts'
import { until } from '../../test/support/until.ts'
import { createMemoryRegistry } from '../shared/registry/memory.ts'
import type { RelayConfig } from './config.ts'

const account = 'requester:alice@example.test'
const often = { chargeMs: 20 }

/** A bytestream that is counted in the account, from its first half on relay 0 to its second on relay `second`. */
async function countedPair(relays: TestRelays, dailyBytes: number, second = 0): Promise<[Socket, Socket]> {
  const digest = freshDigest()
  const sockets: Socket[] = []
  for (const index of [0, second]) {
    sockets.push((await dialHalf(relays.relay(index).ports.socks[''] ?? 0, digest)).socket)
  }
  await until('both wait', async () => {
    const counts = await Promise.all(relays.relays.map((relay) => relay.sample('splice65_half_connections_waiting')))
    return counts.reduce((sum, count) => sum + count) === 2
  })
  await activate(relays, digest, '', [{ name: account, entry: digest, dailyBytes }])
  return sockets as [Socket, Socket]
}

async function start(count: number, options: Partial<RelayConfig> = {}) {
  const clock = new ManualClock()
  const registry = createMemoryRegistry({ clock, terms: { entryLeaseMs: 500 } })
  const relays = await startRelays(count, { ...often, ...options }, { registry })
  const { accounts } = registry
  const renew = accounts.renew.bind(accounts)
  let renewals = 0
  accounts.renew = async (...entry) => {
    await renew(...entry)
    renewals += 1
  }
  return {
    relays,
    accounts,
    /** Lets this much of a lease pass that has just been renewed. */
    pass: async (ms: number) => {
      const before = renewals
      await until('it is renewed', () => renewals > before)
      clock.advance(ms)
    },
    /** The bytes of the day, as the registry has them. */
    bytes: () => accounts.charge(account, 'probe', { charged: 0, total: 0 }),
    /** Whether another bytestream would be one too many. */
    crowded: async (most: number) => {
      const { state } = await accounts.enter(account, 'another', { bytestreams: most, dailyBytes: 0 })
      if (state === 'entered') await accounts.leave(account, 'another')
      return state === 'crowded'
    },
    async [Symbol.asyncDispose]() {
      await relays[Symbol.asyncDispose]()
      await registry.close()
    },
  }
}

for (const { where, second } of [
  { where: 'on one relay', second: 0 },
  { where: 'across two', second: 1 },
]) {
  describe(`A bytestream ${where} that is counted in an account`, () => {
    it('is renewed past its lease while it lives, and counted no more once it has ended', async () => {
      await using it = await start(2)
      const [first, other] = await countedPair(it.relays, 0, second)
      for (let passedMs = 0; passedMs < 1_200; passedMs += 400) {
        await it.pass(400)
        assert.equal(await it.crowded(1), true)
      }
      first.destroy()
      other.destroy()
      await until('it is counted no more', async () => !(await it.crowded(1)))
    })

    it('is charged what it relays, once, while it runs and at its end', async () => {
      await using it = await start(2)
      const [first, other] = await countedPair(it.relays, 1e9, second)
      first.write(Buffer.alloc(100_000))
      await readUpTo(other, 100_000)
      await until('it is charged', async () => (await it.bytes()) === 100_000)
      first.end(Buffer.alloc(5))
      other.end(Buffer.alloc(7))
      first.resume()
      other.resume()
      await Promise.all([once(first, 'close'), once(other, 'close')])
      await until('the rest is charged', async () => (await it.bytes()) === 100_012)
    })

    it('is ended when the bytes of the day are used up', async () => {
      await using it = await start(2)
      await it.accounts.charge(account, 'earlier', { charged: 0, total: 90 })
      const [first, other] = await countedPair(it.relays, 100, second)
      const ends = [closed(first), closed(other)]
      first.write(Buffer.alloc(10))
      assert.deepEqual(await Promise.all(ends), ['ECONNRESET', 'ECONNRESET'])
      const labels = { outcome: 'exceeded', reason: 'daily-bytes', path: second === 0 ? 'local' : 'handoff' }
      await until(
        'it is counted',
        async () => (await it.relays.relay(0).sample('splice65_bytestreams_total', labels)) === 1,
      )
    })
  })
}

describe('A bytestream larger than it may be', () => {
  it('is ended, and says why', async () => {
    await using it = await start(1, { maxBytestreamBytes: 1_000 })
    const [first, second] = await countedPair(it.relays, 0)
    const end = closed(second)
    first.write(Buffer.alloc(1_001))
    assert.equal(await end, 'ECONNRESET')
    const labels = { outcome: 'exceeded', reason: 'size', path: 'local' }
    await until(
      'it is counted',
      async () => (await it.relays.relay(0).sample('splice65_bytestreams_total', labels)) === 1,
    )
  })
})

describe('A relay that stops', () => {
  it('charges what its bytestreams have relayed', async () => {
    const it = await start(1, { chargeMs: 600_000 })
    const [first, second] = await countedPair(it.relays, 1e9)
    first.write(Buffer.alloc(1_000))
    await readUpTo(second, 1_000)
    await it.relays.relay(0).stop()
    assert.equal(await it.bytes(), 1_000)
    await it[Symbol.asyncDispose]()
  })
})

describe('A relay whose registry is away', () => {
  it('lets bytestreams run, and charges when the registry is back', async () => {
    await using it = await start(1)
    const { charge } = it.accounts
    it.accounts.charge = () => Promise.reject(new Error('away'))
    const [first, second] = await countedPair(it.relays, 10)
    first.write(Buffer.alloc(1_000))
    await readUpTo(second, 1_000)
    const relay = it.relays.relay(0)
    const failures = () => relay.lines.filter(({ operation }) => operation === 'charge-account').length
    await until('charges have failed', () => failures() > 2)
    assert.equal(await relay.sample('splice65_bytestreams_active', { path: 'local' }), 1)
    const end = closed(second)
    it.accounts.charge = charge
    assert.equal(await end, 'ECONNRESET')
    assert.equal(await it.bytes(), 1_000)
  })
})
