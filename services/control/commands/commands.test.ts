import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure } from '../../shared/bytestream/failure.ts'
import { parseJid } from '../../shared/bytestream/jid.ts'
import { dataForm } from '../../shared/xmpp/data-form.ts'
import type { Bytestream, FleetRelay, FleetStatistics, Unanswered } from '../fleet/fleet.ts'
import type { SelfTestReport } from '../self-test/report.ts'
import { listBytestreamsCommand } from './bytestreams.ts'
import { drainRelayCommand, undrainRelayCommand } from './drain-relay.ts'
import { endBytestreamCommand } from './end-bytestream.ts'
import { selfTestCommand } from './self-test.ts'
import { statisticsCommand } from './statistics.ts'

const bytestream = (id: string, ageMs = 61_400): Bytestream => ({
  relay: 'relay-0',
  id,
  digestPrefix: '0123456789ab',
  requester: 'alice@ex.com/phone',
  target: 'bob@ex.org/desk',
  ageMs,
  bytesFromFirst: 3 * 2 ** 20,
  bytesFromSecond: 2 ** 19,
  peerRelay: 'relay-1',
})

const relay = (name: string, draining: boolean, fault = ''): FleetRelay => ({
  name,
  rpcAddress: `${name}:6500`,
  version: '1',
  draining,
  publicAddress: '',
  load: 0,
  missingMs: 0,
  status: fault
    ? null
    : {
        waiting: 1,
        bytestreams: 2,
        legs: 0,
        relayedBytes: 0,
        legBytes: 0,
        socketsOpen: 0,
        socketsMax: 0,
        engine: 'splice',
        uptimeMs: 1,
      },
  fault,
})

/** A fleet that holds this, and writes down what is done to it. */
function fleetOf(
  held: { bytestreams?: readonly Bytestream[]; unanswered?: readonly Unanswered[]; relays?: FleetRelay[] } = {},
) {
  const done: string[] = []
  return {
    done,
    bytestreams: async () => ({ bytestreams: [...(held.bytestreams ?? [])], unanswered: [...(held.unanswered ?? [])] }),
    relays: async () => held.relays ?? [],
    async end(name: string, id: string) {
      if (!held.bytestreams?.some((each) => each.id === id)) throw new Failure('not-found', `No bytestream ${id}`)
      done.push(`end ${name} ${id}`)
    },
    async drain(name: string, draining: boolean) {
      done.push(`${draining ? 'drain' : 'undrain'} ${name}`)
      return { waiting: 1, bytestreams: 2 }
    },
  }
}

const ann = parseJid('ann@ex.com/phone')

async function formOf(command: ReturnType<typeof endBytestreamCommand>) {
  const made = (await command.form?.make(ann)) ?? assert.fail('the command has no form')
  return 'ask' in made ? made.ask : assert.fail('there is nothing to choose from')
}

async function endOf(command: ReturnType<typeof endBytestreamCommand>) {
  const made = (await command.form?.make(ann)) ?? assert.fail('the command has no form')
  return 'end' in made ? made.end : assert.fail('there is something to choose from')
}

describe('listBytestreamsCommand()', () => {
  it('lists them, the longest running first', async () => {
    const fleet = fleetOf({ bytestreams: [bytestream('young', 1_000), bytestream('old')] })
    const { form, notes } = await listBytestreamsCommand({ fleet }).run({}, ann)
    assert.deepEqual(form?.table?.rows, [
      ['relay-0', 'old', 'alice@ex.com/phone', 'bob@ex.org/desk', 61, 3 * 2 ** 20, 2 ** 19, 'relay-1'],
      ['relay-0', 'young', 'alice@ex.com/phone', 'bob@ex.org/desk', 1, 3 * 2 ** 20, 2 ** 19, 'relay-1'],
    ])
    assert.equal(form?.table?.columns.length, form?.table?.rows[0]?.length)
    assert.deepEqual(notes, [])
  })

  it('lists a hundred at most, and says how many more there are and who does not answer', async () => {
    const fleet = fleetOf({
      bytestreams: Array.from({ length: 103 }, (_, index) => bytestream(`b${index}`)),
      unanswered: [{ relay: 'relay-1', fault: 'no connection' }],
    })
    const { form, notes } = await listBytestreamsCommand({ fleet }).run({}, ann)
    assert.equal(form?.table?.rows.length, 100)
    assert.deepEqual(notes, [
      { type: 'warn', text: '3 more are live; splice65 ls shows them all' },
      { type: 'warn', text: 'relay-1 does not answer: no connection' },
    ])
  })

  it('stays below what a server takes in one stanza, whatever users call themselves', async () => {
    const requester = `a@ex.com/${'&'.repeat(1_000)}`
    const fleet = fleetOf({ bytestreams: Array.from({ length: 100 }, () => ({ ...bytestream('b'), requester })) })
    const { form, notes } = await listBytestreamsCommand({ fleet }).run({}, ann)
    const text = String(dataForm('result', 'x', form ?? {}))
    assert.ok(text.length > 100_000 && text.length < 400_000, `${text.length} characters`)
    assert.equal(notes?.length, 1)
  })

  it('says when there is none', async () => {
    const { notes } = await listBytestreamsCommand({ fleet: fleetOf() }).run({}, ann)
    assert.deepEqual(notes, [{ type: 'info', text: 'No bytestream is live' }])
  })
})

describe('endBytestreamCommand()', () => {
  it('offers what is live, and ends what is chosen', async () => {
    const fleet = fleetOf({ bytestreams: [bytestream('b1')] })
    const command = endBytestreamCommand({ fleet })
    const { fields } = await formOf(command)
    assert.deepEqual(fields?.[0]?.options, [
      { value: 'relay-0/b1', label: 'alice@ex.com/phone with bob@ex.org/desk, 3.5 MiB in 61 s on relay-0' },
    ])
    const { notes } = await command.run({ bytestream: 'relay-0/b1' }, ann)
    assert.deepEqual(fleet.done, ['end relay-0 b1'])
    assert.deepEqual(notes, [{ type: 'info', text: 'Bytestream b1 on relay-0 was ended' }])
  })

  it('fails for one that is over, and for what is no bytestream', async () => {
    const command = endBytestreamCommand({ fleet: fleetOf() })
    await assert.rejects(command.run({ bytestream: 'relay-0/b1' }, ann), /No bytestream b1/)
    await assert.rejects(command.run({ bytestream: 'b1' }, ann), /RELAY\/ID/)
  })

  it('asks nothing when nothing is live', async () => {
    const { notes } = await endOf(endBytestreamCommand({ fleet: fleetOf() }))
    assert.deepEqual(notes, [{ type: 'info', text: 'No bytestream is live' }])
  })
})

describe('drainRelayCommand() and undrainRelayCommand()', () => {
  const relays = [relay('relay-0', false), relay('relay-1', true), relay('relay-2', false, 'no connection')]

  it('offer the relays that do not drain, and those that do', async () => {
    const fleet = fleetOf({ relays })
    assert.deepEqual((await formOf(drainRelayCommand({ fleet }))).fields?.[0]?.options, [
      { value: 'relay-0', label: 'relay-0 with 2 bytestreams and 1 waiting half-connections' },
      { value: 'relay-2', label: 'relay-2, which does not answer: no connection' },
    ])
    const { fields } = await formOf(undrainRelayCommand({ fleet }))
    assert.deepEqual(
      fields?.[0]?.options?.map(({ value }) => value),
      ['relay-1'],
    )
  })

  it('do it, and tell what is left', async () => {
    const fleet = fleetOf({ relays })
    const { notes } = await drainRelayCommand({ fleet }).run({ relay: 'relay-0' }, ann)
    await undrainRelayCommand({ fleet }).run({ relay: 'relay-1' }, ann)
    assert.deepEqual(fleet.done, ['drain relay-0', 'undrain relay-1'])
    const text = 'relay-0 drains: 2 bytestreams and 1 waiting half-connections are left on it'
    assert.deepEqual(notes, [{ type: 'info', text }])
  })

  it('ask nothing when there is nobody to choose', async () => {
    const none = async (command: ReturnType<typeof drainRelayCommand>) => (await endOf(command)).notes?.[0]?.text
    assert.equal(
      await none(undrainRelayCommand({ fleet: fleetOf({ relays: [relay('r', false)] }) })),
      'No relay drains',
    )
    assert.equal(
      await none(drainRelayCommand({ fleet: fleetOf({ relays: [relay('r', true)] }) })),
      'Every relay drains already',
    )
  })
})

describe('statisticsCommand()', () => {
  const statistics: FleetStatistics = {
    relays: 3,
    draining: 1,
    unanswered: 0,
    waiting: 4,
    bytestreams: 5,
    crossing: 2,
    relayedBytes: 2 ** 40,
    socketsOpen: 14,
    socketsMax: 2_000,
  }

  it('tells every number of the fleet', async () => {
    const command = statisticsCommand({ fleet: { statistics: async () => statistics } })
    const { form, notes } = await command.run({}, ann)
    assert.deepEqual(
      form?.fields?.map(({ name, values }) => `${name}=${values}`),
      [
        'relays=3',
        'draining=1',
        'unanswered=0',
        'bytestreams=5',
        'crossing=2',
        'waiting=4',
        'relayed-bytes=1099511627776',
        'sockets-open=14',
        'sockets-max=2000',
      ],
    )
    assert.deepEqual(notes, [])
  })

  it('says that numbers are missing', async () => {
    const command = statisticsCommand({ fleet: { statistics: async () => ({ ...statistics, unanswered: 2 }) } })
    assert.deepEqual(
      (await command.run({}, ann)).notes?.map(({ type }) => type),
      ['warn'],
    )
  })
})

describe('selfTestCommand()', () => {
  const report: SelfTestReport = {
    component: 'connected',
    streamhosts: [
      { name: '', host: 'relay.ex.com', port: 7777, outcome: 'passed', seconds: 0.0123, relays: ['r0', 'r1'] },
      {
        name: 'alt',
        host: 'alt.ex.com',
        port: 443,
        outcome: 'failed',
        reason: 'dns',
        message: 'no such name',
        seconds: 1,
        relays: [],
      },
    ],
    relays: [
      { name: 'r0', reached: true },
      { name: 'r2', reached: false },
    ],
  }

  it('tells every address, and what does not work', async () => {
    const { form, notes } = await selfTestCommand({ selfTest: { run: async () => report } }).run({}, ann)
    assert.deepEqual(form?.table?.rows, [
      ['', 'relay.ex.com', 7777, 'passed', '', '', '0.012', 'r0 r1'],
      ['alt', 'alt.ex.com', 443, 'failed', 'dns', 'no such name', '1.000', ''],
    ])
    assert.equal(form?.table?.columns.length, form?.table?.rows[0]?.length)
    assert.deepEqual(notes, [
      { type: 'warn', text: 'No bytes go through 1 of 2 advertised addresses' },
      { type: 'warn', text: 'No connection came to r2' },
      { type: 'info', text: 'The component is connected' },
    ])
  })

  it('leaves a test that takes too long', async () => {
    const run = (signal?: AbortSignal) =>
      new Promise<never>((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    const command = selfTestCommand({ selfTest: { run } }, { patienceMs: 1 })
    // The timer of an abort signal keeps no process alive.
    const alive = setInterval(() => {}, 1_000)
    await assert.rejects(command.run({}, ann), (error) => error instanceof Failure && error.code === 'unavailable')
    clearInterval(alive)
  })
})
