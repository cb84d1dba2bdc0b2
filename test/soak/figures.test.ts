import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startChild } from '../../deploy/local/child.ts'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { freePort } from '../../deploy/local/port.ts'
import { answersOk } from '../../deploy/local/readiness.ts'
import { Inspector } from '../support/inspector.ts'
import { Figures } from './figures.ts'

const program = fileURLToPath(new URL('leaking-service.ts', import.meta.url))
const looks = 40

describe('Figures', () => {
  it('find nothing in a service that leaks nothing', async () => {
    assert.deepEqual(await grownIn('nothing'), [])
  })

  for (const leaked of ['resident memory', 'heap in use', 'descriptors', 'timers, sockets, …', 'metric series']) {
    it(`find a leak: ${leaked}`, async () => {
      const grown = await grownIn(leaked)
      assert.ok(grown.includes(leaked), `what grew: ${grown.join(', ') || 'nothing'}`)
    })
  }
})

/** What grew in a service that leaks this. Its lag is left out: that tells what else the machine does. */
async function grownIn(leaked: string): Promise<string[]> {
  await using folder = temporaryFolder('leaking')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = await startChild({
    name: 'leaking-service',
    command: process.execPath,
    args: ['--inspect-port=127.0.0.1:0', '--expose-gc', program, String(port), leaked],
    logFile: folder.file('log'),
    ready: answersOk(`${url}/livez`),
  })
  try {
    using inspector = await Inspector.open({
      kill: child.kill,
      waitForLine: async (satisfies) => ({ text: await child.waitForLine((text) => satisfies({ text })) }),
    })
    const collectGarbage = () => inspector.run('gc()')
    const metrics = async () => (await fetch(`${url}/metrics`)).text()
    using figures = new Figures()
    for (let i = 0; i < looks; i++) await figures.look([{ name: 'leaking', metrics, collectGarbage }])
    return figures
      .judged(0)
      .filter(({ kind, verdict }) => verdict.outcome === 'FAILED' && kind.unit !== 'ms')
      .map(({ kind }) => kind.name)
  } finally {
    await child.stop()
  }
}
