import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { openDescriptors } from '../support/descriptors.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { closed, readToEnd } from '../support/socks-client.ts'
import { until } from '../support/until.ts'

describe('A relay that may open 256 descriptors', () => {
  it('says how many sockets it takes, closes and counts the rest, stays observable, and still serves', async () => {
    const settings = { RELAY_LOG_LEVEL: 'info', RELAY_ENGINE: 'splice', RELAY_MAX_SOCKETS: '100' }
    await using relay = await startRelayProcess(settings, { under: ['prlimit', '--nofile=256:256'] })
    const { maxSockets } = await relay.service.waitForLine(({ msg }) => msg === 'relay started')
    assert.equal(maxSockets, 100)

    const crowd = await Promise.all(Array.from({ length: 1_000 }, () => dial(relay.socksPort)))
    let turnedAway = 0
    for (const socket of crowd) void closed(socket).then(() => turnedAway++)
    await until('the excess is turned away', () => turnedAway === 900)
    await until('it is counted', async () => (await count(relay, 'over-limit')) === 900)
    assert.equal(await readiness(relay), '503 full: 95 % of its sockets are open\n')
    const sockets = openDescriptors(relay.service.pid).get('socket') ?? 0
    assert.ok(sockets < 130, `${sockets} sockets`)

    for (const socket of crowd) socket.destroy()
    await until('they are gone', async () => /^splice65_sockets_open\S* 0$/m.test(await relay.service.metrics()))
    assert.equal(await readiness(relay), '200 ok\n')
    await assertExact(relay)
  })

  it('does not start unless so few sockets were asked for', async () => {
    const started = startRelayProcess({}, { under: ['prlimit', '--nofile=256:256'] })
    await assert.rejects(started, /leaves 100 sockets, fewer than 500.*RELAY_MAX_SOCKETS/)
  })
})

describe('A relay whose user has no pipe buffers left', () => {
  it('copies, exactly, and splices again when there are some', async () => {
    // Root may have all the pipes it likes.
    const under = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
    const [command = process.execPath, ...args] = [...under, process.execPath, 'test/support/pipe-hog.ts']
    const hog = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    try {
      const [said] = await once(hog.stdout, 'data')
      assert.match(String(said), /^has \d+ bytes/)
      await using relay = await startRelayProcess({ RELAY_ENGINE: 'splice' }, { under })
      // Node opens pipes of its own until the first bytestream has run.
      await assertExact(relay)
      const before = pipesOf(relay)
      await assertExact(relay)
      assert.equal(pipesOf(relay), before)
      await until('all of it is counted as copied', async () =>
        /^splice65_copied_bytes_total 16000012$/m.test(await relay.service.metrics()),
      )
      assert.match(await relay.service.metrics(), /^splice65_pipes_refused_total [1-9]\d*$/m)
      hog.stdin.end()
      await once(hog, 'exit')
      await until('it has pipes again', async () => {
        await assertExact(relay)
        return pipesOf(relay) > before
      })
    } finally {
      hog.kill()
    }
  })
})

async function readiness({ service }: RelayProcess): Promise<string> {
  const response = await fetch(`${service.healthUrl}/readyz`)
  return `${response.status} ${await response.text()}`
}

function pipesOf({ service }: RelayProcess): number {
  return openDescriptors(service.pid).get('pipe') ?? 0
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

async function count({ service }: RelayProcess, result: string): Promise<number> {
  const line = new RegExp(`^splice65_handshakes_total\\{[^}]*result="${result}"[^}]*\\} (\\d+)$`, 'm')
  return Number(line.exec(await service.metrics())?.[1] ?? 0)
}

async function assertExact(relay: RelayProcess): Promise<void> {
  const { first, second } = await relay.pair()
  const bytes = randomBytes(8_000_000)
  first.socket.end(bytes)
  assert.ok((await readToEnd(second.socket)).equals(bytes))
  second.socket.end('thanks')
  assert.equal((await readToEnd(first.socket)).toString(), 'thanks')
}
