import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { platform } from 'node:os'
import { describe, it } from 'node:test'
import { until } from '../../../test/support/until.ts'
import { AcceptQueue } from './accept-queue.ts'

/** Connects so many times, in a process of its own; ours accepts none meanwhile. */
function knock(host: string, port: number, times: number): void {
  const script = `
    let left = ${times}
    for (let i = left; i > 0; i--) {
      require('node:net').connect(${port}, '${host}', () => { if (--left === 0) process.exit() })
    }`
  const { status } = spawnSync(process.execPath, ['--eval', script])
  assert.equal(status, 0)
}

describe('AcceptQueue', { skip: platform() !== 'linux' && 'only Linux tells' }, () => {
  for (const [family, host] of [
    ['IPv4', '127.0.0.1'],
    ['IPv6', '::1'],
  ] as const) {
    it(`counts who waits for a server, over ${family}`, async () => {
      const [server, other] = [createServer(), createServer()]
      let accepted = 0
      server.on('connection', (socket) => {
        accepted += 1
        socket.destroy()
      })
      for (const each of [server, other]) {
        each.listen(0, host)
        await once(each, 'listening')
      }
      using queue = new AcceptQueue(family)
      assert.equal(queue.lengthOf(server), 0)
      knock(host, (server.address() as AddressInfo).port, 3)
      // The clients have heard the kernel before it has heard them.
      const deadlineMs = performance.now() + 10_000
      while (queue.lengthOf(server) < 3 && performance.now() < deadlineMs);
      assert.equal(queue.lengthOf(server), 3)
      assert.equal(queue.lengthOf(other), 0)
      await until('they are accepted', () => accepted === 3)
      assert.equal(queue.lengthOf(server), 0)
      for (const each of [server, other]) each.close()
      assert.equal(queue.lengthOf(server), 0)
    })
  }
})
