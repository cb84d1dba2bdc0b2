import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { until } from '../../../test/support/until.ts'
import { Watched } from './watched.ts'

/** Files that answer when the test lets them. */
function watch() {
  const asked: PromiseWithResolvers<string>[] = []
  const said: string[] = []
  const look = {
    read() {
      const answer = Promise.withResolvers<string>()
      asked.push(answer)
      return answer.promise
    },
    renewed: (value: string) => void said.push(`renewed: ${value}`),
    refused: (why: string) => void said.push(`refused: ${why}`),
  }
  const watched = new Watched(look, { value: 'first', refreshMs: 1 })
  const nextLook = async () => {
    const sofar = asked.length
    await until('it looks', () => asked.length > sofar)
    return asked[sofar] as PromiseWithResolvers<string>
  }
  return { watched, asked, said, nextLook }
}

describe('Watched', () => {
  it('has what the newest look found, and calls back once for each', async () => {
    const { watched, said, nextLook } = watch()
    using _ = watched
    let changes = 0
    const leave = watched.onChange(() => changes++)
    for (const value of ['first', 'second', 'second']) (await nextLook()).resolve(value)
    const last = await nextLook()
    assert.deepEqual([watched.current, changes, said], ['second', 1, ['renewed: second']])
    leave()
    last.resolve('third')
    await nextLook()
    assert.deepEqual([watched.current, changes, said.length], ['third', 1, 2])
  })

  it('looks again only when a look has ended, however long it takes', async () => {
    const { watched, asked, nextLook } = watch()
    using _ = watched
    const slow = await nextLook()
    // Three turns of a timer as long as that of the looks.
    for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setTimeout(resolve, 1))
    assert.equal(asked.length, 1)
    slow.resolve('second')
    await nextLook()
    assert.equal(watched.current, 'second')
  })

  it('says once why it does not take what there is, and again after it was well', async () => {
    const { watched, said, nextLook } = watch()
    using _ = watched
    for (const _again of [1, 2]) (await nextLook()).reject(new Error('empty'))
    ;(await nextLook()).reject(new Error('gone'))
    ;(await nextLook()).resolve('first')
    ;(await nextLook()).reject(new Error('gone'))
    await nextLook()
    assert.deepEqual(said, ['refused: empty', 'refused: gone', 'refused: gone'])
    assert.equal(watched.current, 'first')
  })

  it('takes nothing up once it is disposed of, not even from a look under way', async () => {
    for (const end of ['resolve', 'reject'] as const) {
      const { watched, asked, said, nextLook } = watch()
      const underWay = await nextLook()
      watched[Symbol.dispose]()
      if (end === 'resolve') underWay.resolve('second')
      else underWay.reject(new Error('gone'))
      for (let turns = 0; turns < 5; turns++) await setImmediate()
      assert.deepEqual([watched.current, said, asked.length], ['first', [], 1])
    }
  })
})
