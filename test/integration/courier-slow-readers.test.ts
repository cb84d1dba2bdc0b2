import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { startFleet } from '../../deploy/local/fleet.ts'
import { blockBytes } from '../../services/courier/store/blobs.ts'
import { takeSlot } from '../support/courier-slot.ts'
import { logInRequester } from '../support/requester.ts'
import { sample } from '../support/sample.ts'
import { until } from '../support/until.ts'

const readers = 100
/** More than the sockets of a reader take in: each is left waiting for its rest. */
const size = 32 << 20
/** A block as it was read, the same in one piece, and as much again that nobody has collected yet. */
const mostBytesPerReader = 4 * blockBytes

describe('a courier with many readers who have stopped reading', () => {
  it('holds a few blocks for each, and serves who reads', async () => {
    const courierSettings = { httpDownloads: readers + 1, httpStallMs: 600_000 }
    await using fleet = await startFleet({ relays: 1, courier: courierSettings })
    const courier = await fleet.startCourier()
    await using alice = await logInRequester(fleet)
    const content = randomBytes(size)
    const slot = await takeSlot(alice, { courier: fleet.courier, size })
    assert.equal((await slot.put(content)).status, 201)
    assert.ok((await slot.get()).body.equals(content))
    const held = () => sample(courier, 'process_resident_memory_bytes')
    const reading = () => sample(courier, 'splice65_courier_http_requests_active')
    const before = await held()

    const sockets: Socket[] = []
    try {
      for (let reader = 0; reader < readers; reader += 1) sockets.push(await stopAfterBeginning(slot.url))
      assert.ok((await slot.get()).body.equals(content))
      const more = (await held()) - before
      assert.ok(more < readers * mostBytesPerReader, `${more} bytes more for ${readers} readers`)
      await until('they alone are read to', async () => (await reading()) === readers)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
    await until('nobody is read to', async () => (await reading()) === 0)
    assert.ok((await slot.get()).body.equals(content))
  })
})

/** Asks for a file, and reads no more when its first bytes are there. */
async function stopAfterBeginning({ hostname, port, pathname }: URL): Promise<Socket> {
  const socket = connect(Number(port), hostname)
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`)
  const [beginning] = await once(socket, 'data')
  socket.pause()
  assert.match(String(beginning), /^HTTP\/1\.1 200 /)
  return socket
}
