import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatSeconds, showProgress } from './progress.ts'

describe('formatSeconds()', () => {
  for (const [seconds, text] of [
    [0.4, '0 s'],
    [59.4, '59 s'],
    [185, '3 min 05 s'],
    [3720, '1 h 02 min'],
    [Number.POSITIVE_INFINITY, '—'],
  ] as const) {
    it(`says ${text}`, () => assert.equal(formatSeconds(seconds), text))
  }
})

describe('showProgress()', () => {
  it('writes a plain line every five seconds where nobody watches', () => {
    const written: string[] = []
    let now = 0
    const clock = { now: () => now, after: () => () => {} }
    const progress = showProgress({ screen: { write: (text) => written.push(text) }, clock }, 'x.bin')
    for (now = 0; now <= 12_000; now += 1000) progress.update(now, 20_000)
    progress.stop()
    assert.deepEqual(written, [
      'x.bin: 25 % of 19.5 KiB, 1000 B/s, 15 s left\n',
      'x.bin: 50 % of 19.5 KiB, 1000 B/s, 10 s left\n',
    ])
  })
})
