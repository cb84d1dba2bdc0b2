import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fleetRelay, relayStatus } from '../../../test/support/fleet-records.ts'
import { Failure } from '../../shared/bytestream/failure.ts'
import { untilEmpty } from './drain.ts'

/** Waits for `r0` while control lists it like this in turn, and gives the bytestreams that were told of. */
async function wait(...listed: readonly ReturnType<typeof fleetRelay>[]): Promise<number[]> {
  const rest = [...listed]
  const listRelays = async () => ({ relays: rest.splice(0, 1) })
  const told: number[] = []
  const { signal } = new AbortController()
  await untilEmpty({ listRelays }, 'r0', { signal, tell: ({ bytestreams }) => void told.push(bytestreams) })
  return told
}

const silent = fleetRelay('r0', { status: null, fault: 'no answer' })
const draining = (bytestreams: number) => fleetRelay('r0', { draining: true, status: relayStatus({ bytestreams }) })

describe('untilEmpty()', () => {
  it('waits for a relay that is silent for once, whatever the registry had of it', async () => {
    assert.deepEqual(await wait(draining(1), silent, draining(0)), [1, 0])
  })

  it('gives up when the relay takes new connections again, or is gone', async () => {
    const fails = (code: string, says: RegExp) => (error: unknown) =>
      error instanceof Failure && error.code === code && says.test(error.message)
    await assert.rejects(wait(fleetRelay('r0')), fails('not-ready', /^r0 drains no more/))
    await assert.rejects(wait({ ...silent, missingMs: 1 }), fails('unavailable', /^r0 stopped/))
    await assert.rejects(wait(), fails('unavailable', /^r0 stopped/))
  })
})
