import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startFleet } from './fleet.ts'
import { isFree } from './port.ts'

describe('startFleet()', () => {
  it('starts every part ready, replaces what was killed, and leaves nothing behind', async () => {
    await using fleet = await startFleet({ relays: 2, streamhosts: ['', 'alt'] })
    const processes = [fleet.control, ...fleet.relays]
    assert.equal(new Set([fleet.xmpp.pid, fleet.redis.pid, ...processes.map(({ pid }) => pid)]).size, 5)
    for (const service of processes) assert.match(await service.metrics(), /^splice65_build_info/m)
    assert.ok(fleet.relays[1]?.lines().some((line) => line.pod === 'relay-1'))

    const killed = fleet.control
    killed.kill()
    assert.deepEqual(await killed.exited, { code: null, signal: 'SIGKILL' })
    await fleet.startControl()
    assert.notEqual(fleet.control.pid, killed.pid)

    const [relay] = fleet.relays
    assert(relay)
    relay.drain()
    assert.deepEqual(await relay.exited, { code: 0, signal: null })

    await fleet.stop()
    const socks = fleet.relays.flatMap((it) => Object.values(it.socks))
    const ports = [fleet.redis.port, fleet.xmpp.c2sPort, ...socks.map(({ port }) => port)]
    for (const port of ports) assert.equal(await isFree(port), true, `port ${port} is free`)
  })
})
