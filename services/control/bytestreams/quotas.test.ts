import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseJid } from '../../shared/bytestream/jid.ts'
import { createMemoryRegistry } from '../../shared/registry/memory.ts'
import { type LimitName, type QuotaOptions, Quotas } from './quotas.ts'

const alice = parseJid('Alice@example.com/phone')
const unlimited = {
  bytestreamsPerRequester: 0,
  bytestreamsPerDomain: 0,
  dailyBytesPerRequester: 0,
  dailyBytesPerDomain: 0,
}

function setUp(options: Partial<QuotaOptions>) {
  const registry = createMemoryRegistry()
  const told: LimitName[] = []
  const unchecked: unknown[] = []
  const events = {
    limitReached: (limit: LimitName) => void told.push(limit),
    limitUnchecked: (error: unknown) => void unchecked.push(error),
  }
  const quotas = new Quotas({ registry, events }, { ...unlimited, ...options })
  return { quotas, registry, accounts: registry.accounts, told, unchecked }
}

describe('Quotas.admit()', () => {
  it('asks the registry nothing where there is no limit', async () => {
    const { quotas } = setUp({})
    assert.deepEqual((await quotas.admit(alice, 'a')).accounts, [])
  })

  it('counts the bytestreams of all resources together, and says when there is room', async () => {
    const { quotas, told } = setUp({ bytestreamsPerRequester: 2 })
    const first = await quotas.admit(alice, 'a')
    assert.deepEqual(first.accounts, [{ name: 'requester:alice@example.com', entry: 'a', dailyBytes: 0 }])
    await quotas.admit(parseJid('alice@example.com/desk'), 'b')
    await assert.rejects(quotas.admit(alice, 'c'), {
      code: 'over-limit',
      message: 'Cannot activate: you have 2 bytestreams running, as many as may be; try again when one has ended',
    })
    assert.deepEqual(told, ['requester-bytestreams'])
    await quotas.admit(parseJid('bob@example.com/phone'), 'c')
    await quotas.admit(alice, 'b')
    first.leave()
    await quotas.admit(alice, 'c')
  })

  it('says when the bytes of a day that are used up are there again', async () => {
    const { quotas, accounts, told } = setUp({ dailyBytesPerRequester: 100 })
    await accounts.charge('requester:alice@example.com', 'a', { charged: 0, total: 100 })
    const tomorrow = new Date(Math.ceil((Date.now() + 1) / 86_400_000) * 86_400_000).toISOString().slice(0, 10)
    await assert.rejects(quotas.admit(alice, 'b'), {
      message: `Cannot activate: you have used up the 100 bytes of this day; try again after ${tomorrow}T00:00:00Z`,
    })
    assert.deepEqual(told, ['requester-bytes'])
  })

  it('counts a domain, and gives back the place of a requester whose domain is refused', async () => {
    const { quotas, told } = setUp({ bytestreamsPerRequester: 1, bytestreamsPerDomain: 1 })
    const carol = await quotas.admit(parseJid('carol@example.com/x'), 'c')
    await assert.rejects(quotas.admit(alice, 'a'), /: the users of example\.com have 1 bytestreams running/)
    assert.deepEqual(told, ['domain-bytestreams'])
    carol.leave()
    await quotas.admit(alice, 'b')
  })

  it('leaves what was counted before, when an activation that is repeated fails', async () => {
    const { quotas } = setUp({ bytestreamsPerRequester: 1 })
    await quotas.admit(alice, 'a')
    const again = await quotas.admit(alice, 'a')
    again.leave()
    await assert.rejects(quotas.admit(alice, 'b'), { code: 'over-limit' })
  })

  it('refuses nobody while the registry is away, and tells so', async () => {
    const { quotas, accounts, unchecked } = setUp({ bytestreamsPerRequester: 1, dailyBytesPerDomain: 1 })
    accounts.enter = () => Promise.reject(new Error('away'))
    const { accounts: counted } = await quotas.admit(alice, 'a')
    await quotas.admit(alice, 'b')
    assert.deepEqual(
      counted.map(({ name }) => name),
      ['requester:alice@example.com', 'domain:example.com'],
    )
    assert.equal(unchecked.length, 4)
  })
})
