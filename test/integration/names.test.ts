import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { createControlEvents } from '../../services/control/events.ts'
import { createRelayEvents } from '../../services/relay/events.ts'
import { digestAsTyped } from '../../services/shared/bytestream/digest.ts'
import { Failure } from '../../services/shared/bytestream/failure.ts'
import { StreamEnd } from '../../services/shared/component/stream.ts'
import { systemClock as clock } from '../../services/shared/runtime/clock.ts'
import { createLog, type Logger } from '../../services/shared/runtime/log.ts'
import { createMetrics } from '../../services/shared/runtime/metrics.ts'
import { hostileNames } from '../support/hostile-names.ts'

/** Both services' events over one log, and every one of them that tells of a stranger by name. */
function setUp(log: Logger) {
  const metrics = [
    createMetrics('control', { ofProcess: false }),
    createMetrics('relay', { ofProcess: false }),
  ] as const
  const control = createControlEvents({ log, metrics: metrics[0] })
  const relay = createRelayEvents({ log, metrics: metrics[1], clock })
  const tellings: ((name: string) => void)[] = [
    (name) => {
      const jid = { local: name, domain: name, resource: name }
      const failure = new Failure('malformed', name, { cause: new Error(name) })
      const digest = digestAsTyped(name, name, name)
      control.activationAnswered({
        outcome: 'malformed',
        requester: jid,
        target: jid,
        digest,
        durationMs: 1,
        error: failure,
      })
    },
    (name) => control.floodHeld({ local: name, domain: name, resource: name }, 'refused'),
    (name) => control.handlerFailed('activate', new Error(name)),
    (name) => control.answerLost(new Error(name)),
    (name) => control.settlementFailed({ digest: digestAsTyped(name, name, name), streamhost: name }, new Error(name)),
    (name) =>
      control.commandEnded({
        node: name,
        by: { local: name, domain: name, resource: name },
        entries: { [name]: name },
      }),
    (name) => control.recordsRefused([{ relay: name, fault: 'forged' }], true),
    (name) => control.operatorActed({ act: 'end', relay: name, bytestream: name }),
    (name) => control.componentLost(new StreamEnd(name, { condition: name }), 1),
    (name) => control.componentMisconfigured(new StreamEnd(name, { condition: name }), 1),
    (name) => relay.handshakeEnded('not-a-digest', name, name),
    (name) => relay.handoffEnded(name, new Failure('unavailable', name)),
    (name) => relay.trunkRefused(new Failure('forbidden', name), name),
    (name) => relay.registryFailed('announce', new Failure('unavailable', name)),
    (name) => relay.publicAddressUnknown(new Failure('unavailable', name), { host: name, port: 1 }),
  ]
  const page = async () => (await Promise.all(metrics.map((each) => each.metrics()))).join('\n')
  const series = async () => (await page()).split('\n').filter((line) => /^splice65_/.test(line)).length
  return { tellings, page, series }
}

describe('Names of strangers', () => {
  it('make exactly one line of JSON each, wherever they are told', () => {
    const written: string[] = []
    const log = createLog('tests', { logLevel: 'trace', pod: 'tests' }, { write: (line) => void written.push(line) })
    const { tellings } = setUp(log)
    for (const name of hostileNames) {
      for (const tell of tellings) {
        written.length = 0
        tell(name)
        assert.equal(written.length, 1, String(tell))
        const [line = ''] = written
        assert.match(line, /^[^\n]*\n$/)
        assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
        const { level, service } = JSON.parse(line)
        assert.deepEqual([service, level === 'error' && line.includes('forged":')], ['tests', false], line)
      }
    }
  })

  it('add no series to the metrics and stand on none, be they a hundred thousand', async () => {
    const { tellings, page, series } = setUp(createLog('tests', { logLevel: 'silent', pod: 'tests' }))
    for (const tell of tellings) tell('somebody')
    const before = await series()
    const count = 100_000 / tellings.length
    for (let index = 0; index < count; index++) {
      const name = `stranger-${randomBytes(8).toString('hex')}@example.test`
      for (const tell of tellings) tell(name)
    }
    for (const name of hostileNames) for (const tell of tellings) tell(name)
    assert.equal(await series(), before)
    const text = await page()
    assert.ok(!/stranger-|alice|reboot/.test(text), 'a name is in the metrics')
    assert.ok(text.length < 200_000, `${text.length} characters`)
  })
})
