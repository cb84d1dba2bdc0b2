import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../../../deploy/local/folder.ts'
import { callsCanFail, type Failing, underFailing } from '../../../../test/support/failing-calls.ts'

const here = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)

/** Moves bytes both ways through an engine of so many pipes, and says what became of them. */
const script = (pipes: number) => `
  const { randomBytes } = await import('node:crypto')
  const { SpliceEngine } = await import(${here('./engine.ts')})
  const { openEngineClients } = await import(${here('../../../../test/support/engine-clients.ts')})
  const { readToEnd } = await import(${here('../../../../test/support/socks-client.ts')})
  const budget = { bytes: ${pipes} * 65536, pipes: 1 }
  const engine = new SpliceEngine({ budget, workers: 1, userTimeoutMs: 0, onCrash(error) { throw error } })
  const clients = await openEngineClients(engine)
  const { a, b, flow } = await clients.join()
  const [there, back] = [randomBytes(300_000), randomBytes(300_000)]
  a.end(there)
  b.end(back)
  const [atB, atA] = await Promise.all([readToEnd(b), readToEnd(a)])
  console.log(atB.equals(there) && atA.equals(back), (await flow.ended).how)
  await clients[Symbol.asyncDispose]()
  await engine.stop()
`

describe('A splice engine while the kernel is short of memory', {
  skip: !callsCanFail && 'strace may not make system calls fail here',
}, () => {
  const ways: Record<string, { pipes: number; failing: Failing }> = {
    'for splice(2)': { pipes: 1, failing: { calls: ['splice'], error: 'ENOMEM', when: '2+2' } },
    'for buffers of splice(2)': { pipes: 1, failing: { calls: ['splice'], error: 'ENOBUFS', when: '2+3' } },
    'for copies': { pipes: 0, failing: { calls: ['recvfrom', 'sendto'], error: 'ENOBUFS', when: '1+2' } },
  }
  for (const [way, { pipes, failing }] of Object.entries(ways)) {
    it(`delivers every byte: ${way}`, { timeout: 60_000 }, async ({ signal }) => {
      await using folder = temporaryFolder('memory')
      const file = folder.file('memory.mjs')
      await writeFile(file, script(pipes))
      const [command = '', ...args] = [...underFailing(failing), process.execPath, file]
      const child = spawn(command, args, { signal, stdio: ['ignore', 'pipe', 'inherit'] })
      const exited = once(child, 'exit')
      assert.equal(await text(child.stdout), 'true finished\n')
      assert.deepEqual(await exited, [0, null])
    })
  }
})
