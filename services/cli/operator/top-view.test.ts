import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fleetBytestream, fleetRelay, relayStatus } from '../../../test/support/fleet-records.ts'
import { widthOf } from '../columns.ts'
import { firstView, frame, type View, viewAfter, type Watched } from './top-view.ts'

const KIB = 1024
const wide = { columns: 200, rows: 40 }

/** Two looks, two seconds apart. */
function watched(): Watched {
  const status = relayStatus({ relayedBytes: 0, bytestreams: 3, waiting: 2 })
  const streams = ['aaaaaa', 'bbbbbb', 'cccccc'].map((id, at) =>
    fleetBytestream(id, { bytesFromFirst: 10 * at * KIB, ageMs: 10_000 * (3 - at) }),
  )
  const before = { atMs: 0, relays: [fleetRelay('r0', { status })], bytestreams: streams }
  const now = {
    atMs: 2_000,
    relays: [
      fleetRelay('r0', { status: { ...status, relayedBytes: 12 * KIB, legBytes: 4 * KIB } }),
      fleetRelay('r1', { draining: true, status: null }),
    ],
    bytestreams: streams.map((each) => (each.id === 'bbbbbb' ? { ...each, bytesFromSecond: 12 * KIB } : each)),
  }
  return { before, now, fault: '' }
}

const ids = (lines: readonly string[]) => lines.flatMap((line) => /^(a+|b+|c+) /.exec(line)?.[1]?.[0] ?? []).join('')

describe('frame()', () => {
  it('sums the fleet up, lists its relays, and the fastest bytestream first', () => {
    const lines = frame(watched(), firstView, wide)
    assert.equal(lines[0], 'splice65  2 relays, 1 draining, 1 silent  ·  3 bytestreams  ·  2 waiting  ·  6.0 KiB/s')
    assert.match(lines[2] ?? '', /^RELAY +STATE +RATE /)
    assert.match(lines[3] ?? '', /^r0 +ready +8\.0 KiB\/s +3 /)
    assert.match(lines[4] ?? '', /^r1 +silent +— +— /)
    assert.match(
      lines.find((line) => line.startsWith('bbbbbb')) ?? '',
      /^bbbbbb +6\.0 KiB\/s +22\.0 KiB +20 s +r0 +alice/,
    )
    assert.equal(ids(lines)[0], 'b')
  })

  it('goes by the order that was chosen', () => {
    assert.equal(ids(frame(watched(), { order: 'bytes', scrolled: 0 }, wide)), 'bca')
    assert.equal(ids(frame(watched(), { order: 'age', scrolled: 0 }, wide)), 'abc')
  })

  it('never leaves the screen, however small that is', () => {
    for (let rows = 1; rows < 15; rows += 1) {
      for (const columns of [1, 20, 80]) {
        const lines = frame(watched(), firstView, { columns, rows })
        assert.ok(lines.length <= rows, `${lines.length} lines on ${rows} rows`)
        assert.ok(lines.every((line) => widthOf(line) <= columns))
      }
    }
  })

  it('scrolls, and never past the last bytestream', () => {
    const small = { columns: 100, rows: 9 }
    const shown = (scrolled: number) => ids(frame(watched(), { order: 'age', scrolled }, small))
    assert.deepEqual([shown(0), shown(1), shown(2), shown(9)], ['a', 'b', 'c', 'c'])
  })

  it('leaves half of the screen to bytestreams, however many relays there are', () => {
    const { now } = watched()
    const relays = Array.from({ length: 100 }, (_, at) => fleetRelay(`r${at}`))
    const lines = frame({ before: undefined, now: { ...now, relays }, fault: '' }, firstView, {
      columns: 100,
      rows: 24,
    })
    assert.deepEqual([lines[9]?.slice(0, 2), lines[10]], ['r6', '… and 93 more: splice65 ls'])
    assert.equal(ids(lines).length, 3)
  })

  it('says when what it shows is old, and why', () => {
    const lines = frame({ ...watched(), fault: 'Cannot reach control\x1b[2J' }, firstView, wide)
    assert.equal(lines[1], 'no answer: Cannot reach control�[2J; what follows is old')
  })

  it('shows an empty fleet as one', () => {
    const lines = frame(
      { before: undefined, now: { atMs: 0, relays: [], bytestreams: [] }, fault: '' },
      firstView,
      wide,
    )
    assert.ok(lines.includes('No relay is known.') && lines.includes('No bytestream runs.'))
  })
})

describe('viewAfter()', () => {
  /** The views on the way through these keys. */
  function views(...keys: string[]): View[] {
    let view = firstView
    return keys.map((key) => {
      view = viewAfter(key, view, 3)
      return view
    })
  }

  it('turns the order with left and right', () => {
    assert.deepEqual(
      views('right', 'right', 'right', 'left', 's').map(({ order }) => order),
      ['bytes', 'age', 'rate', 'age', 'rate'],
    )
  })

  it('scrolls with up and down, from the first bytestream to the last', () => {
    assert.deepEqual(
      views('up', 'down', 'j', 'down', 'k').map(({ scrolled }) => scrolled),
      [0, 1, 2, 2, 1],
    )
  })

  it('is the same after any other key', () => {
    assert.equal(viewAfter('x', firstView, 3), firstView)
  })
})
