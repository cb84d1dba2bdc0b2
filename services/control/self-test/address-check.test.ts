import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkAddress, type Trip } from './address-check.ts'
import { SelfTestFailure } from './self-test-failure.ts'

const streamhost = { name: 'alt', host: 'relay.example.com', port: 7777 }
const drains = new SelfTestFailure('socks-reply', 'it drains', { reply: 1 })
const forbids = new SelfTestFailure('socks-reply', 'it forbids', { reply: 2 })

/** Checks an address whose bytestreams end like this in turn, the last for ever; `tookMs` passes with each. */
async function check(
  ends: readonly (readonly string[] | SelfTestFailure)[],
  { wanted = ['r0', 'r1'], tookMs = 0 }: { wanted?: readonly string[]; tookMs?: number } = {},
) {
  let trips = 0
  let nowMs = 5
  const trip: Trip = async () => {
    const end = ends[Math.min(trips, ends.length - 1)] ?? []
    trips += 1
    nowMs += tookMs
    if (end instanceof SelfTestFailure) throw end
    return end
  }
  const parts = { trip, wanted: () => wanted, now: () => nowMs }
  const { signal } = new AbortController()
  const report = await checkAddress(parts, streamhost, { selfTestTimeoutMs: 10_000, signal })
  return { ...report, trips }
}

describe('checkAddress()', () => {
  it('passes with one bytestream where that reached everybody', async () => {
    assert.deepEqual(await check([['r1', 'r0']], { tookMs: 20 }), {
      ...streamhost,
      outcome: 'passed',
      seconds: 0.02,
      relays: ['r0', 'r1'],
      trips: 1,
    })
  })

  it('goes on until everybody was reached', async () => {
    const { trips, relays } = await check([['r0', 'r0'], ['r0', 'r0'], ['r1', 'r1'], ['r9']])
    assert.deepEqual([trips, relays], [3, ['r0', 'r1']])
  })

  it('makes at least one bytestream, and one alone where nobody is named', async () => {
    assert.deepEqual((await check([['r0', 'r0']], { wanted: [] })).trips, 1)
  })

  it('gives up on a relay that no connection comes to, and passes', async () => {
    const { trips, outcome, relays } = await check([['r0', 'r0']])
    assert.deepEqual([trips, outcome, relays], [12, 'passed', ['r0']])
  })

  it('makes no more than a hundred bytestreams, however many relays there are', async () => {
    const wanted = Array.from({ length: 1_000 }, (_, index) => `r${index}`)
    assert.equal((await check([['r0', 'r0']], { wanted })).trips, 100)
  })

  it('begins none after its time', async () => {
    assert.equal((await check([['r0', 'r0']], { tookMs: 6_000 })).trips, 2)
  })

  it('fails with the first bytestream that fails', async () => {
    const { trips, outcome, reason, message, relays } = await check([['r0', 'r0'], forbids, ['r1', 'r1']])
    assert.deepEqual([trips, outcome, reason, message, relays], [2, 'failed', 'socks-reply', 'it forbids', ['r0']])
  })

  it('passes over a relay that drains while another takes the bytes', async () => {
    const first = await check([drains, ['r1', 'r1']], { wanted: ['r1'] })
    assert.deepEqual([first.outcome, first.reason, first.trips], ['passed', undefined, 2])
    const last = await check([['r1', 'r1'], drains])
    assert.deepEqual([last.outcome, last.reason], ['passed', undefined])
    const only = await check([drains])
    assert.deepEqual([only.outcome, only.reason], ['failed', 'socks-reply'])
  })

  it('throws the reason of a test that is given up, and reports nothing', async () => {
    const giveUp = new AbortController()
    const trip: Trip = async (signal) => {
      giveUp.abort(new Error('control stops'))
      throw new SelfTestFailure('timeout', String(signal.reason))
    }
    const parts = { trip, wanted: () => [], now: () => 0 }
    await assert.rejects(
      checkAddress(parts, streamhost, { selfTestTimeoutMs: 10_000, signal: giveUp.signal }),
      /control stops/,
    )
  })
})
