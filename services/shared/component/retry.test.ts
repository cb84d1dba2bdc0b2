import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { retryDelayMs, setbackOf } from './retry.ts'

const terms = {
  componentRetryMs: 500,
  componentRetryMaxMs: 15_000,
  componentStandbyMs: 1_000,
  componentMisconfiguredRetryMs: 30_000,
}

describe('retryDelayMs()', () => {
  it('doubles with every loss up to its most, between half and the whole by chance', () => {
    const most = () => 1
    assert.deepEqual(
      [1, 2, 3, 5, 6, 60].map((losses) => retryDelayMs('lost', losses, terms, most)),
      [500, 1000, 2000, 8000, 15_000, 15_000],
    )
    assert.equal(
      retryDelayMs('lost', 1, terms, () => 0),
      250,
    )
  })

  it('tries a taken component every second or two', () => {
    assert.equal(
      retryDelayMs('taken', 9, terms, () => 0),
      1000,
    )
    assert.equal(
      retryDelayMs('taken', 9, terms, () => 1),
      2000,
    )
  })
})

describe('setbackOf()', () => {
  it('tells a taken component, a wrong configuration and a mere loss apart', () => {
    assert.equal(setbackOf('conflict'), 'taken')
    for (const condition of ['host-unknown', 'not-authorized', 'invalid-namespace', 'public-address']) {
      assert.equal(setbackOf(condition), 'misconfigured')
    }
    for (const condition of ['system-shutdown', 'connection-timeout', undefined]) {
      assert.equal(setbackOf(condition), 'lost')
    }
  })
})
