import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Place, Places } from './places.ts'

function taken(place: Place | string): Place {
  assert.ok(typeof place === 'object', `no place: ${place}`)
  return place
}

describe('Places.take()', () => {
  it('gives as many as there are, and those that came back again', () => {
    const places = new Places({ most: 2, mostPerSource: 0 })
    const first = taken(places.take('192.0.2.1'))
    taken(places.take('192.0.2.1'))
    assert.equal(places.take('192.0.2.2'), 'full')
    first.giveBack()
    first.giveBack()
    taken(places.take('192.0.2.2'))
    assert.equal(places.take('192.0.2.2'), 'full')
  })

  it('gives one client no more than its share, and others theirs', () => {
    const places = new Places({ most: 100, mostPerSource: 2 })
    const first = taken(places.take('192.0.2.1'))
    taken(places.take('::ffff:192.0.2.1'))
    assert.equal(places.take('192.0.2.1'), 'source-full')
    taken(places.take('192.0.2.2'))
    first.giveBack()
    taken(places.take('192.0.2.1'))
  })

  it('counts a client without an address among all, and to nobody', () => {
    const places = new Places({ most: 3, mostPerSource: 1 })
    for (let i = 0; i < 3; i++) taken(places.take())
    assert.equal(places.take(), 'full')
  })
})
