import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { recordingLog } from '../../../test/support/recording-log.ts'
import { startRelayProcess } from '../../../test/support/relay-process.ts'
import { readToEnd } from '../../../test/support/socks-client.ts'
import { openEngine } from './open.ts'

const parts = { budget: { bytes: 1024 * 1024, pipes: 16 }, userTimeoutMs: 0, onCrash: assert.fail }

/** Makes Node behave as if koffi had not been installed. */
const withoutKoffi = `--import=data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  registerHooks({
    resolve(name, context, next) {
      if (name !== 'koffi') return next(name, context)
      throw Object.assign(new Error("Cannot find package 'koffi'"), { code: 'ERR_MODULE_NOT_FOUND' })
    },
  })
`)}`

describe('openEngine()', () => {
  it('takes the kernel’s engine by itself on Linux, and says why in one line', async () => {
    const { log, lines, everything } = recordingLog()
    const engine = await openEngine('auto', { log, ...parts })
    await engine.stop()
    assert.equal(engine.name, 'splice')
    assert.deepEqual(lines, ['info bytes move inside the kernel: this is Linux, and koffi is here'])
    assert.match(everything(), /"engine":"splice"/)
  })

  it('takes what was asked for without a word', async () => {
    const { log, lines } = recordingLog()
    for (const wanted of ['splice', 'stream'] as const) {
      const engine = await openEngine(wanted, { log, ...parts })
      await engine.stop()
      assert.equal(engine.name, wanted)
    }
    assert.deepEqual(lines, [])
  })
})

describe('A relay without koffi', () => {
  it('carries bytes through Node streams, and says why in one line', async () => {
    await using relay = await startRelayProcess({ NODE_OPTIONS: withoutKoffi, RELAY_ENGINE: 'auto' })
    const told = relay.service.lines().filter(({ why }) => why !== undefined)
    assert.deepEqual(
      told.map(({ level, engine, why }) => ({ level, engine, why })),
      [{ level: 'warn', engine: 'stream', why: "Cannot find package 'koffi'" }],
    )
    const { first, second } = await relay.pair()
    const bytes = randomBytes(3_000_000)
    first.socket.end(bytes)
    assert.ok((await readToEnd(second.socket)).equals(bytes))
    second.socket.end('answer')
    assert.equal((await readToEnd(first.socket)).toString(), 'answer')
  })

  it('does not start when it is to splice', async () => {
    await assert.rejects(
      startRelayProcess({ NODE_OPTIONS: withoutKoffi, RELAY_ENGINE: 'splice' }),
      /Cannot use the splice engine: Cannot find package 'koffi'/,
    )
  })
})
