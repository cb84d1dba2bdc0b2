import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { raceCandidates } from './candidate-race.ts'
import type { Candidate } from './socks-transport.ts'

const candidate = (priority: number): Candidate => ({
  cid: `c${priority}`,
  priority,
  type: 'direct',
  jid: 'a@ex.com/R',
  host: '192.0.2.1',
  port: priority,
})

/** Resolves only when it is given up. */
async function never(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort')
  throw signal.reason
}

describe('raceCandidates()', () => {
  it('tries from the highest priority down, and nothing after the winner', async () => {
    const tried: string[] = []
    const { winner } = raceCandidates([candidate(1), candidate(3), candidate(2)], async ({ cid }) => {
      tried.push(cid)
      if (cid === 'c3') throw new Error('cannot be reached')
      return new Socket()
    })
    assert.equal((await winner)?.candidate.cid, 'c2')
    assert.deepEqual(tried, ['c3', 'c2'])
  })

  it('does not wait for one that neither fails nor answers', async () => {
    const given: string[] = []
    const { winner } = raceCandidates([candidate(2), candidate(1)], async ({ cid }, signal) => {
      if (cid === 'c1') return new Socket()
      signal.addEventListener('abort', () => given.push(cid))
      return never(signal)
    })
    assert.equal((await winner)?.candidate.cid, 'c1')
    assert.deepEqual(given, ['c2'])
  })

  it('closes what is joined too late', async () => {
    const late = new Socket()
    const { winner } = raceCandidates([candidate(2), candidate(1)], async ({ cid }, signal) => {
      if (cid === 'c1') return new Socket()
      await never(signal).catch(() => {})
      return late
    })
    await winner
    await new Promise(setImmediate)
    assert.ok(late.destroyed)
  })

  it('has no winner when all fail, or none is there, or all are given up', async () => {
    const fail = async () => Promise.reject(new Error('cannot be reached'))
    assert.equal(await raceCandidates([candidate(1)], fail).winner, undefined)
    assert.equal(await raceCandidates([], fail).winner, undefined)
    const race = raceCandidates([candidate(2), candidate(1)], (_, signal) => never(signal))
    race.giveUp(() => true)
    assert.equal(await race.winner, undefined)
  })
})
