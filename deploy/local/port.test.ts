import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { startChild } from './child.ts'
import { temporaryFolder } from './folder.ts'
import { freePort, isFree, type PortChoice } from './port.ts'
import { lineAppears } from './readiness.ts'

describe('freePort()', () => {
  it('finds a port to listen on, another one each time', async () => {
    const ports = [await freePort(), await freePort(), await freePort()]
    assert.equal(new Set(ports).size, ports.length)
    for (const port of ports) assert.equal(await isFree(port), true)
  })

  it('gives no port that another process was given, whether or not it is in use yet', async () => {
    const lowest = randomInt(30_000, 32_000)
    const choice = { lowest, highest: lowest + 2 }
    await using folder = temporaryFolder('port')
    const child = await startChild({
      name: 'another process',
      command: process.execPath,
      args: ['--input-type=module', '--eval', program(choice)],
      logFile: folder.file('log'),
      ready: lineAppears(/^port \d+$/),
    })
    try {
      const theirs = Number(child.lines().at(-1)?.slice('port '.length))
      const ours = await freePort(choice)
      assert.deepEqual(new Set([theirs, ours]), new Set([lowest, lowest + 1]))
      await assert.rejects(freePort(choice), /Cannot find a free port on 127\.0\.0\.1: 100 from /)
    } finally {
      await child.stop()
    }
  })

  it('finds two ports that are so far apart', async () => {
    const port = await freePort({ secondAbove: 100 })
    await assert.rejects(freePort({ lowest: port + 100, highest: port + 101 }), /Cannot find a free port/)
  })
})

/** Takes a port, says which, and stays. */
function program(choice: PortChoice): string {
  return `
    import { freePort } from ${JSON.stringify(new URL('port.ts', import.meta.url).href)}
    console.log('port', await freePort(${JSON.stringify(choice)}))
    setInterval(() => {}, 1_000)
  `
}

describe('isFree()', () => {
  it('is false while someone listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    assert.equal(await isFree(port), false)
    server.close()
    await once(server, 'close')
    assert.equal(await isFree(port), true)
  })
})
