import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { oneWritePerTurn } from './one-write.ts'

describe('oneWritePerTurn()', () => {
  it('lets what is sent in one turn leave together, and nothing wait for the next', async () => {
    const wire = new Wire()
    const gather = oneWritePerTurn(wire.client)
    for (const command of ['a', 'b', 'c']) {
      gather()
      wire.stream.write(command)
    }
    await turn()
    assert.deepEqual(wire.writes, ['abc'])
    gather()
    wire.stream.write('d')
    await turn()
    assert.deepEqual(wire.writes, ['abc', 'd'])
  })

  it('goes on with another connection in the same turn', async () => {
    const [before, after] = [new Wire(), new Wire()]
    const client = { stream: before.stream }
    const gather = oneWritePerTurn(client as unknown as Redis)
    gather()
    before.stream.write('a')
    client.stream = after.stream
    gather()
    after.stream.write('b')
    await turn()
    assert.deepEqual([before.writes, after.writes], [['a'], ['b']])
  })

  it('is of no consequence before the first connect', () => {
    oneWritePerTurn({} as unknown as Redis)()
  })
})

/** A connection that writes down what each write had in it. */
class Wire {
  readonly writes: string[] = []
  readonly stream = new Writable({
    write: (chunk, _encoding, done) => {
      this.writes.push(String(chunk))
      done()
    },
    writev: (chunks, done) => {
      this.writes.push(chunks.map(({ chunk }) => String(chunk)).join(''))
      done()
    },
  })
  readonly client = { stream: this.stream } as unknown as Redis
}
