import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import type { Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type EngineClients, openEngineClients } from '../../../../test/support/engine-clients.ts'
import { readToEnd, readUpTo } from '../../../../test/support/socks-client.ts'
import { until } from '../../../../test/support/until.ts'
import { SpliceEngine } from './engine.ts'
import * as libc from './libc.ts'

/** send(2): the last byte is urgent. */
const MSG_OOB = 0x01

/** Budgets under which every byte must arrive all the same. */
const budgets = {
  'pipes for all': { bytes: 32 * 1024 * 1024, pipes: 512 },
  'one pipe': { bytes: 64 * 1024, pipes: 1 },
  'no pipe': { bytes: 0, pipes: 1 },
}

for (const [name, budget] of Object.entries(budgets)) {
  describe(`A splice engine with ${name}`, () => {
    let engine: SpliceEngine
    let clients: EngineClients

    before(async () => {
      const onCrash = (error: Error) => assert.fail(error)
      // With one pipe in all, only one worker can have it.
      const workers = budget.bytes > 64 * 1024 ? 2 : 1
      engine = new SpliceEngine({ budget, workers, userTimeoutMs: 0, onCrash })
      clients = await openEngineClients(engine)
    })
    after(async () => {
      await clients[Symbol.asyncDispose]()
      await engine.stop()
    })

    it('delivers the last byte without a FIN: every size to 16 000, then each 101st to 200 000', async () => {
      const { a, b, flow } = await clients.join()
      const source = randomBytes(200_000)
      let total = 0
      for (let size = 1; size <= source.length; size += size < 16_000 ? 1 : 101) {
        const bytes = source.subarray(source.length - size)
        a.write(bytes)
        assert.ok((await readUpTo(b, size)).equals(bytes), `${size} bytes`)
        total += size
      }
      await until('all is counted', () => flow.progress().fromFirst.bytes === total, { everyMs: 1 })
      assert.deepEqual(flow.progress().fromFirst, { bytes: total, blocked: false })
      flow.abort()
      await flow.ended
    })

    it('hangs on no pipe that small segments fill long before its bytes do', async () => {
      const { a, b, flow } = await clients.join()
      for (let round = 0; round < 4; round++) {
        const sent: Buffer[] = []
        // Each leaves as a segment of its own, until nothing on the way has room for another.
        while (a.writableLength === 0 || !flow.progress().fromFirst.blocked) {
          if (a.writableLength > 0) {
            await delay(1)
          } else {
            const segment = randomBytes(randomInt(1, 1_449))
            sent.push(segment)
            a.write(segment)
          }
        }
        const all = Buffer.concat(sent)
        assert.ok(sent.length > 2_000, `${sent.length} segments`)
        for (let size = 0; size < all.length; ) {
          const part = await readUpTo(b, Math.min(randomInt(1, 100_000), all.length - size))
          assert.ok(part.equals(all.subarray(size, size + part.length)), `after ${size} bytes`)
          assert.ok(part.length > 0, `ended after ${size} of ${all.length} bytes`)
          size += part.length
        }
      }
      a.end()
      assert.equal((await readToEnd(b)).length, 0)
      b.end()
      assert.deepEqual(await flow.ended, { how: 'finished' })
    })

    it('delivers a prefix that is larger than the receiver’s buffers', async () => {
      const prefix = randomBytes(24_000_000)
      const first = await clients.hold({ prefix })
      const second = await clients.hold()
      const flow = engine.join(first.held, second.held)
      first.client.end('and the rest')
      await until('it is held back', () => flow.progress().fromFirst.blocked)
      const got = await readToEnd(second.client)
      assert.ok(got.equals(Buffer.concat([prefix, Buffer.from('and the rest')])))
      second.client.end()
      assert.deepEqual(await flow.ended, { how: 'finished' })
    })

    it('goes on behind urgent data, which it leaves out as every reader does', async () => {
      const { a, b, flow } = await clients.join()
      for (const [text, flags] of [
        ['before ', 0],
        ['!', MSG_OOB],
        ['behind', 0],
      ] as const) {
        sendNow(a, Buffer.from(text), flags)
      }
      assert.equal((await readUpTo(b, 13)).toString(), 'before behind')
      flow.abort()
      await flow.ended
    })

    it('keeps 200 streams apart that stall at random, both ways', async () => {
      const streams = await Promise.all(
        Array.from({ length: 200 }, (_, key) => clients.join({ room: `room ${key % 7}` })),
      )
      await Promise.all(
        streams.map(async ({ a, b, flow }, key) => {
          const [toB, toA] = [100_000 + 37 * key, 60_000 + 41 * key]
          await Promise.all([
            sendKeyed(a, key, toB),
            sendKeyed(b, key + 1_000, toA),
            readKeyed(b, key, toB),
            readKeyed(a, key + 1_000, toA),
          ])
          assert.deepEqual(await flow.ended, { how: 'finished' })
          assert.equal(flow.progress().fromFirst.bytes, toB)
          assert.equal(flow.progress().fromSecond.bytes, toA)
        }),
      )
    })
  })
}

/** Writes past Node, which knows no flags. Nothing may be queued in Node. */
function sendNow(socket: Socket, bytes: Buffer, flags: number): void {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd: number } }
  assert.equal(libc.send(handle?.fd ?? -1, bytes, bytes.length, flags), bytes.length)
}

/** What the stream with this key carries: its key in every four bytes, with their place. */
function keyed(key: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(to - from)
  for (let at = from; at < to; at++) bytes[at - from] = (key >> (8 * (at & 1))) ^ (at >> 2)
  return bytes
}

async function sendKeyed(socket: Socket, key: number, size: number): Promise<void> {
  for (let at = 0; at < size; ) {
    const next = Math.min(size, at + randomInt(1, 30_000))
    if (!socket.write(keyed(key, at, next))) await new Promise((resolve) => socket.once('drain', resolve))
    at = next
    if (randomInt(4) === 0) await delay(randomInt(20))
  }
  socket.end()
}

async function readKeyed(socket: Socket, key: number, size: number): Promise<void> {
  for (let at = 0; at < size; ) {
    const part = await readUpTo(socket, Math.min(size - at, randomInt(1, 50_000)))
    assert.ok(part.equals(keyed(key, at, at + part.length)), `bytes of another stream in stream ${key}, after ${at}`)
    assert.ok(part.length > 0, `stream ${key} ended after ${at} of ${size} bytes`)
    at += part.length
    if (randomInt(4) === 0) await delay(randomInt(20))
  }
  assert.equal((await readToEnd(socket)).length, 0)
}
