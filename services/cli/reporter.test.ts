import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createReporter } from './reporter.ts'

function open(options: { json: boolean; trace: boolean }) {
  const out: string[] = []
  const err: string[] = []
  let now = 1000
  const clock = { now: () => now, after: () => () => {} }
  const reporter = createReporter(
    { stdout: { write: (text) => out.push(text) }, stderr: { write: (text) => err.push(text) }, clock },
    options,
  )
  return { reporter, out, err, pass: (ms: number) => (now += ms) }
}

const step = { event: 'step', step: 9, does: 'offer', from: 'a', to: 'b' } as const

describe('createReporter()', () => {
  it('writes JSON lines with the time since the start', () => {
    const { reporter, out, pass } = open({ json: true, trace: true })
    pass(12.34)
    reporter.transfer()(step)
    assert.deepEqual(JSON.parse(out.join('')), { ...step, atMs: 12.3 })
  })

  it('tells steps only when asked to', () => {
    const { reporter, out } = open({ json: true, trace: false })
    reporter.transfer()(step)
    assert.deepEqual(out, [])
  })

  it('writes the sum alone on standard output', () => {
    const { reporter, out, err } = open({ json: false, trace: false })
    reporter.done({ name: 'x', size: 3, peer: 'b@ex.org/T', method: 'ibb', transferredBytes: 3, sha256: 'abc' })
    assert.deepEqual(out, ['abc  x\n'])
    assert.equal(err.length, 1)
  })

  it('lets no control character of others reach the terminal', () => {
    const { reporter, err } = open({ json: false, trace: false })
    reporter.failed(new Error('no\u001b[2Jthing \u202e'))
    assert.deepEqual(err, ['splice65: no�[2Jthing �\n'])
  })
})
