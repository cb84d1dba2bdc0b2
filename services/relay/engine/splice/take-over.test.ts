import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { it } from 'node:test'
import koffi from 'koffi'
import { openEngineClients } from '../../../../test/support/engine-clients.ts'
import { closed } from '../../../../test/support/socks-client.ts'
import { until } from '../../../../test/support/until.ts'
import { SpliceEngine } from './engine.ts'
import * as libc from './libc.ts'

/** getsockopt(2). */
const getsockopt: (fd: number, level: number, option: number, value: Int32Array, size: Int32Array) => number = koffi
  .load(null)
  .func('int getsockopt(int, int, int, void *, void *)')

it('TCP_USER_TIMEOUT is set on what a splice engine holds, and stays when it is joined', async () => {
  const userTimeoutMs = 123_457
  const onCrash = (error: Error) => assert.fail(error)
  const engine = new SpliceEngine({ budget: { bytes: 1 << 20, pipes: 16 }, workers: 1, userTimeoutMs, onCrash })
  await using clients = await openEngineClients(engine)
  const [first, second] = [await clients.hold(), await clients.hold()]
  await until('both have it', () => withUserTimeout(userTimeoutMs) === 2)
  const flow = engine.join(first.held, second.held)
  first.client.end()
  second.client.write('a byte, so that it is joined')
  await until('it is joined', () => flow.progress().fromSecond.bytes > 0)
  assert.equal(withUserTimeout(userTimeoutMs), 2)
  flow.abort()
  await flow.ended
  await engine.stop()
})

it('a connection that a splice engine guards ends by a reset though nobody holds it yet', async () => {
  const onCrash = (error: Error) => assert.fail(error)
  const engine = new SpliceEngine({ budget: { bytes: 1 << 20, pipes: 16 }, workers: 1, userTimeoutMs: 0, onCrash })
  await using clients = await openEngineClients(engine)
  const { client, socket } = await clients.connection()
  engine.guard(socket)
  const end = closed(client)
  socket.destroy()
  assert.equal(await end, 'ECONNRESET')
  engine.guard(socket)
  await engine.stop()
})

/** How many descriptors of this process are TCP sockets with this timeout. */
function withUserTimeout(timeoutMs: number): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    const value = new Int32Array(1)
    const failed = getsockopt(Number(fd), libc.IPPROTO_TCP, libc.TCP_USER_TIMEOUT, value, new Int32Array([4])) < 0
    return !failed && value[0] === timeoutMs
  }).length
}
