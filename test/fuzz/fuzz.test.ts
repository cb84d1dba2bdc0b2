import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Choices } from './choices.ts'
import { FuzzFailure, fuzz } from './fuzz.ts'
import { measureMemory, unevenness } from './memory.ts'
import type { Subject } from './subject.ts'
import { subjects } from './subjects.ts'

/** A sample of what `npm run test:fuzz` feeds. */
const seed = 65
const inputs = 20_000

describe('Input from strangers', () => {
  for (const { name, about, share, open } of subjects) {
    it(`does no harm to ${about}`, async () => {
      const subject = await open()
      try {
        await fuzz(subject, { name, seed, first: 0, count: Math.round((inputs * share) / 1_000) })
      } finally {
        await subject.close?.()
      }
    })
  }
})

describe('fuzz()', () => {
  /** Takes any bytes but those with a 7 behind a 5. */
  const fragile: Subject<Buffer> = {
    make: (choices) => choices.bytes(40),
    show: (input) => input.toString('hex'),
    check(input) {
      const at = input.indexOf(5)
      if (at >= 0 && input.indexOf(7, at) >= 0) throw new TypeError('it fell over')
    },
  }
  const run = { name: 'fragile', seed, first: 0, count: 10_000 }

  it('finds an input that breaks its subject, shrinks it and says how to repeat it', async () => {
    const error = await fuzz(fragile, run).catch((failure: unknown) => failure)
    assert.ok(error instanceof FuzzFailure)
    assert.match(error.message, /Shrunk:\n0507\n/)
    const [, first] = /--only fragile --seed 65 --first (\d+) --inputs 1\n/.exec(error.message) ?? []
    await assert.rejects(fuzz(fragile, { ...run, first: Number(first), count: 1 }), FuzzFailure)
    assert.match(error.message, /TypeError: it fell over/)
  })

  it('finds what fails later', async () => {
    const late: Subject<Buffer> = { ...fragile, check: async (input) => fragile.check(input) }
    await assert.rejects(fuzz(late, run), /Shrunk:\n0507\n/)
  })
})

describe('Choices', () => {
  it('are the same for the same seed, and can be made again', () => {
    const [first, second, other] = [1, 1, 2].map((from) => Choices.seeded(from))
    assert.deepEqual(first?.bytes(100), second?.bytes(100))
    assert.notDeepEqual(other?.bytes(100), Choices.seeded(1).bytes(100))
    assert.deepEqual(Choices.repeated(first?.made ?? []).bytes(100), Choices.seeded(1).bytes(100))
  })
})

describe('unevenness()', () => {
  it('sees memory that grows from quarter to quarter', () => {
    const kept: Buffer[] = []
    const measured = [1, 2, 3, 4].map(() => {
      kept.push(Buffer.alloc(8 << 20, 1))
      return measureMemory()
    })
    assert.match(unevenness(measured) ?? '', /the heap grew by/)
    assert.equal(kept.length, 4)
  })

  it('lets the first quarter warm up', () => {
    const flat = { heap: 10 << 20, resident: 80 << 20 }
    assert.equal(unevenness([{ heap: 0, resident: 0 }, flat, flat, flat]), undefined)
  })
})
