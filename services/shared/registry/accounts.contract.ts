import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, describe, it } from 'node:test'
import type { RegistryUnderTest } from './registry.contract.ts'
import type { Registry, RegistryTerms } from './registry.ts'

const none = { bytestreams: 0, dailyBytes: 0 }

/** What the accounts of every registry promise. `open` is as for `registryContract`. */
export function accountsContract(
  name: string,
  open: (terms?: Partial<RegistryTerms>) => Promise<RegistryUnderTest>,
): void {
  describe(`${name} accounts`, () => {
    const opened: Registry[] = []
    const openTracked = async (terms?: Partial<RegistryTerms>) => {
      const subject = await open(terms)
      opened.push(subject.registry)
      return { ...subject, accounts: subject.registry.accounts, account: randomUUID() }
    }
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((registry) => registry.close()))
    })

    describe('enter()', () => {
      it('lets as many of fifty in as may be live, and others when some have left', async () => {
        const { accounts, account } = await openTracked()
        const limits = { ...none, bytestreams: 3 }
        const names = Array.from({ length: 50 }, () => randomUUID())
        const entrances = await Promise.all(names.map((entry) => accounts.enter(account, entry, limits)))
        const inside = names.filter((_, index) => entrances[index]?.state === 'entered')
        assert.equal(inside.length, 3)
        assert.equal(entrances.filter(({ state }) => state === 'crowded').length, 47)
        await accounts.leave(account, String(inside[0]))
        assert.deepEqual(await accounts.enter(account, 'next', limits), { state: 'entered' })
        assert.deepEqual(await accounts.enter(account, 'one more', limits), { state: 'crowded' })
      })

      it('counts one that is repeated once, and refuses it never', async () => {
        const { accounts, account } = await openTracked()
        const limits = { bytestreams: 1, dailyBytes: 10 }
        assert.deepEqual(await accounts.enter(account, 'a', limits), { state: 'entered' })
        await accounts.charge(account, 'a', { charged: 0, total: 10 })
        assert.deepEqual(await accounts.enter(account, 'a', limits), { state: 'again' })
      })

      it('keeps accounts apart', async () => {
        const { accounts, account } = await openTracked()
        const limits = { ...none, bytestreams: 1 }
        await accounts.enter(account, 'a', limits)
        assert.deepEqual(await accounts.enter(`${account}}{`, 'a', limits), { state: 'entered' })
      })

      it('sets no bound where it is 0', async () => {
        const { accounts, account } = await openTracked()
        await accounts.charge(account, 'a', { charged: 0, total: 1e12 })
        assert.deepEqual(await accounts.enter(account, 'b', none), { state: 'entered' })
      })
    })

    describe('lease of an entry', () => {
      it('frees its place when nobody renews it', async () => {
        const { accounts, account, until } = await openTracked({ entryLeaseMs: 1_000 })
        const limits = { ...none, bytestreams: 2 }
        await accounts.enter(account, 'killed', limits)
        await accounts.enter(account, 'live', limits)
        await until('the other has run out', async () => {
          await accounts.renew(account, 'live')
          return (await accounts.enter(account, 'newcomer', limits)).state === 'entered'
        })
        assert.deepEqual(await accounts.enter(account, 'live', limits), { state: 'again' })
      })

      it('begins anew where it was lost: by renewals and charges an account fills again', async () => {
        const { accounts, account } = await openTracked()
        await accounts.renew(account, 'a')
        await accounts.charge(account, 'b', { charged: 5, total: 7 })
        assert.deepEqual(await accounts.enter(account, 'c', { ...none, bytestreams: 2 }), { state: 'crowded' })
      })
    })

    describe('charge()', () => {
      it('adds up what all bytestreams of the day have relayed', async () => {
        const { accounts, account } = await openTracked()
        assert.equal(await accounts.charge(account, 'a', { charged: 0, total: 1_000_000_000_000 }), 1_000_000_000_000)
        assert.equal(await accounts.charge(account, 'b', { charged: 0, total: 5 }), 1_000_000_000_005)
        const charge = { charged: 1_000_000_000_000, total: 1_000_000_000_001 }
        assert.equal(await accounts.charge(account, 'a', charge), 1_000_000_000_006)
      })

      it('charges nothing twice when the answer was lost', async () => {
        const { accounts, account } = await openTracked()
        await accounts.charge(account, 'a', { charged: 0, total: 10 })
        assert.equal(await accounts.charge(account, 'a', { charged: 0, total: 10 }), 10)
        assert.equal(await accounts.charge(account, 'a', { charged: 0, total: 12 }), 12)
      })

      it('charges what is new and no more where the account was lost', async () => {
        const { accounts, account } = await openTracked()
        assert.equal(await accounts.charge(account, 'a', { charged: 1_000, total: 1_005 }), 5)
      })

      it('is enough to be refused until the day is over', async () => {
        const { accounts, account } = await openTracked()
        const limits = { ...none, dailyBytes: 100 }
        await accounts.charge(account, 'a', { charged: 0, total: 99 })
        assert.deepEqual(await accounts.enter(account, 'b', limits), { state: 'entered' })
        await accounts.charge(account, 'b', { charged: 0, total: 1 })
        await accounts.leave(account, 'b')
        const entrance = await accounts.enter(account, 'c', limits)
        assert.ok(entrance.state === 'spent')
        assert.equal(entrance.untilMs % 86_400_000, 0)
      })
    })
  })
}
