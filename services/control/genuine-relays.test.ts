import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RelayRecord } from '../shared/registry/registry.ts'
import { sealRelay } from '../shared/registry/relay-seal.ts'
import { pickGenuine, type RefusedRecord } from './genuine-relays.ts'

const rpcToken = 'a token of tests only'
const nowMs = Date.UTC(2030, 0, 1)

function setUp(config: { rpcToken?: string } = { rpcToken }) {
  const told: [refused: readonly RefusedRecord[], areNew: boolean][] = []
  const events = { recordsRefused: (...telling: (typeof told)[number]) => void told.push(telling) }
  return { genuine: pickGenuine({ events, now: () => nowMs }, config), told }
}

function relay(name: string, rpcAddress = `${name}:1`): RelayRecord {
  return { name, rpcAddress, load: 0, draining: false, version: '1' }
}

const sealed = (record: RelayRecord, atMs = nowMs) => sealRelay(record, rpcToken, atMs)

describe('pickGenuine()', () => {
  it('leaves out what has no seal of ours, and tells so once for each set of them', () => {
    const { genuine, told } = setUp()
    const poisoned = [sealed(relay('r0')), relay('r1'), sealed(relay('r2'), 0)]
    assert.deepEqual(genuine(poisoned), [poisoned[0]])
    genuine(poisoned)
    genuine([sealed(relay('r0'))])
    genuine(poisoned)
    const refused = [
      { relay: 'r1', fault: 'unsealed' },
      { relay: 'r2', fault: 'stale' },
    ]
    assert.deepEqual(told, [
      [refused, true],
      [refused, false],
      [refused, true],
    ])
  })

  it('believes the later of two records for one relay, in whatever order they come', () => {
    const { genuine } = setUp()
    const now = sealed(relay('r0', 'now:1'))
    const before = sealed(relay('r0', 'before:1'), nowMs - 60_000)
    assert.deepEqual(genuine([before, now]), [now])
    assert.deepEqual(genuine([now, before]), [now])
  })

  it('takes every record where there is no token', () => {
    const { genuine, told } = setUp({})
    assert.deepEqual(genuine([relay('r0'), relay('r1')]), [relay('r0'), relay('r1')])
    assert.deepEqual(told, [])
  })
})
