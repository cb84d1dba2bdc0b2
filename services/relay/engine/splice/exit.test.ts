import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../../../deploy/local/folder.ts'

const here = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)

/** A process with a flow that moves bytes, one that is blocked, and a half, which then ends as `how` says. */
const script = (how: string) => `
  const { SpliceEngine } = await import(${here('./engine.ts')})
  const { openEngineClients } = await import(${here('../../../../test/support/engine-clients.ts')})
  const engine = new SpliceEngine({
    budget: { bytes: 1 << 20, pipes: 16 }, workers: 2, userTimeoutMs: 0, onCrash(error) { throw error },
  })
  const clients = await openEngineClients(engine)
  const [busy, blocked] = [await clients.join({ room: 'a' }), await clients.join({ room: 'b' })]
  const half = await clients.hold()
  blocked.a.write(Buffer.alloc(16_000_000))
  const more = () => busy.a.writable && busy.a.write(Buffer.alloc(1_000_000), more)
  more()
  await new Promise((resolve) => busy.b.once('data', resolve))
  busy.b.resume()
  console.log('live')
  ${how}
`

describe('A process with a splice engine at work', () => {
  const ways = {
    'ends when it is told to': 'process.exit(0)',
    'ends when its engine was stopped': 'await engine.stop(); await clients[Symbol.asyncDispose]()',
    'ends when nothing else is left, though the engine was not stopped': 'await clients[Symbol.asyncDispose]()',
  }
  for (const [way, how] of Object.entries(ways)) {
    it(way, { timeout: 15_000 }, async ({ signal }) => {
      await using folder = temporaryFolder('exit')
      const file = folder.file('exit.mjs')
      await writeFile(file, script(how))
      const child = spawn(process.execPath, [file], { signal, stdio: ['ignore', 'pipe', 'inherit'] })
      const exited = once(child, 'exit')
      assert.equal(await text(child.stdout), 'live\n')
      assert.deepEqual(await exited, [0, null])
    })
  }
})
