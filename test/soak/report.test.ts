import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Judged, keysKind } from './figures.ts'
import type { Tally } from './load.ts'
import { reportOf, troublesOf } from './report.ts'
import { judge } from './verdict.ts'

const flat = figure(() => 100)
const grown = figure((index) => 100 * index)
const few = figure(() => 100, 3)

describe('reportOf()', () => {
  it('ends with ok when nothing grew and nothing failed', () => {
    assert.equal(lastLine(reportOf([flat], tally(), 0)), 'soak: ok')
    assert.deepEqual(troublesOf([flat], tally(), 0), [])
  })

  it('says how much of an ok could not be judged', () => {
    assert.equal(lastLine(reportOf([flat, few], tally(), undefined)), 'soak: ok, but too short to judge 1 of 2 figures')
  })

  it('ends with everything that is wrong', () => {
    const wrong = [[grown], tally(['transfer: a wrong byte']), 2] as const
    assert.deepEqual(troublesOf(...wrong), [
      'keys of Redis grew',
      '1 attempts failed that should not have',
      'relays hold 2 sockets of nobody',
    ])
    assert.equal(lastLine(reportOf(...wrong)), `soak: FAILED: ${troublesOf(...wrong).join('; ')}`)
  })

  it('tells each figure and each failure', () => {
    const text = reportOf([flat, grown], tally(['transfer: a wrong byte']), 0)
    assert.match(text, /^Redis +keys +100 +100 +0\.00 +600 +ok$/m)
    assert.match(text, /^Redis +keys .* FAILED$/m)
    assert.match(text, /^ {2}transfer: a wrong byte$/m)
  })
})

function figure(valueAt: (index: number) => number, count = 40): Judged {
  const samples = Array.from({ length: count }, (_, index) => ({ atMs: index * 1_000, value: valueAt(index) }))
  return { process: 'Redis', kind: keysKind, samples, verdict: judge(samples, keysKind.tolerance) }
}

function tally(failed: string[] = []): Tally {
  return { delivered: 7, deliveredBytes: 7, misbehaved: new Map(), excused: new Map(), failed, heldBack: 0 }
}

function lastLine(text: string): string | undefined {
  return text.split('\n').at(-1)
}
