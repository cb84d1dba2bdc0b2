import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { startCli } from '../../deploy/local/cli.ts'
import { type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { type Prometheus, type ScrapeTarget, startPrometheus } from '../../deploy/local/prometheus.ts'
import type { ServiceProcess } from '../../deploy/local/service.ts'
import { courierDashboard } from '../../deploy/monitoring/dashboards/courier.ts'
import { dashboardQueries } from '../../deploy/monitoring/dashboards/dashboard-queries.ts'
import { fleetDashboard } from '../../deploy/monitoring/dashboards/fleet.ts'
import { relayDashboard } from '../../deploy/monitoring/dashboards/relay.ts'
import { readRules, rulesFile } from '../../deploy/monitoring/rules.ts'
import { agree, dialPair, dialRelay, exchange, type Pair } from '../support/pair.ts'
import { logInRequester, type Requester, verdict } from '../support/requester.ts'
import { Traffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'

const namespace = 'chat'

/** What Grafana puts in place of the dashboards' variables. */
const chosen: Readonly<Record<string, string>> = {
  $namespace: namespace,
  $job: 'relay|control|courier',
  $pod: 'relay-0',
  $__rate_interval: '1m',
}

describe('Prometheus, after a busy quarter of a minute', () => {
  const running = new AsyncDisposableStack()
  let prometheus: Prometheus

  before(async () => {
    const fleet = running.use(
      await startFleet({
        relays: 2,
        control: { selfTest: true, selfTestIntervalMs: 1_000, selfTestBytes: 4_096 },
        courier: {},
      }),
    )
    const courier = await fleet.startCourier()
    const services = [
      ...fleet.relays.map((relay) => target('relay', relay)),
      target('control', fleet.control),
      target('courier', courier),
    ]
    prometheus = running.use(await startPrometheus({ targets: services, ruleFiles: [rulesFile] }))
    // Rates need to have seen the counters at rest.
    await until('every service was scraped', async () => (await seen('up == 1')) === services.length)

    const alice = running.use(await logInRequester(fleet))
    const long = running.use(await joined(fleet, alice, [0, 1]))
    const traffic = new Traffic(long)
    for (const relays of [
      [0, 0],
      [0, 1],
      [1, 0],
    ] as const) {
      using pair = await joined(fleet, alice, relays)
      await exchange(pair, 1_000_000)
    }
    await breakOff(fleet, alice)
    await beRefused(fleet)
    assert.match(verdict(await alice.activate(agree(alice.jid))), /^item-not-found/)
    // It has the leg of a bytestream that runs, so it goes on draining.
    fleet.relays[1]?.drain()
    await traffic.goesOn()
    await leaveWithCourier(fleet)
  })

  after(() => running.disposeAsync())

  for (const dashboard of [courierDashboard(), fleetDashboard(), relayDashboard()]) {
    for (const { panel, expr } of dashboardQueries(dashboard)) {
      it(`has data for ${panel}: ${expr.slice(0, 60)}`, () => hasData(withChosen(expr)))
    }
  }

  it('has counted what was done', async () => {
    const done: Readonly<Record<string, number>> = {
      'sum by (path) (splice65_bytestreams_total{outcome="completed", path="local"})': 1,
      'sum by (path) (splice65_bytestreams_total{outcome="completed", path="handoff"})': 2,
      'sum by (reason) (splice65_bytestreams_total{outcome="aborted", reason="reset"})': 1,
      'sum by (path) (splice65_bytestreams_active{path="handoff"})': 1,
      'sum by (result) (splice65_handshakes_total{result="taken"})': 1,
      'sum by (outcome) (splice65_activations_total{outcome="not-found"})': 1,
      'splice65_draining{pod="relay-1"}': 1,
      'sum(splice65_courier_parcels_stored_total)': 1,
    }
    for (const [expr, count] of Object.entries(done)) {
      await until(`${expr} is ${count}`, async () => (await prometheus.query(expr))[0]?.value === count)
    }
  })

  it('has data for every recording rule', async () => {
    for (const { record } of (await readRules()).records) await hasData(`${record}{namespace="${namespace}"}`)
  })

  it('evaluates every rule without a fault', async () => {
    await until('each has been evaluated', async () =>
      (await prometheus.rules()).every(({ health }) => health !== 'unknown'),
    )
    assert.deepEqual(
      (await prometheus.rules()).filter(({ health }) => health !== 'ok'),
      [],
    )
  })

  /** Resolves when at least one series of it has a number. */
  async function hasData(expr: string): Promise<void> {
    await until(`there is data for ${expr}`, async () =>
      (await prometheus.query(expr)).some(({ value }) => Number.isFinite(value)),
    )
  }

  async function seen(expr: string): Promise<number> {
    return (await prometheus.query(expr)).length
  }
})

/** How Prometheus finds a service in Kubernetes: its pod is a label. */
function target(job: string, { name, healthUrl }: ServiceProcess): ScrapeTarget {
  return { address: new URL(healthUrl).host, labels: { job, namespace, pod: name } }
}

function withChosen(expr: string): string {
  return Object.entries(chosen).reduce((text, [variable, value]) => text.replaceAll(variable, value), expr)
}

/** A bytestream whose halves are on these relays. The caller disposes of it. */
async function joined(fleet: Fleet, alice: Requester, [first, second]: readonly [number, number]): Promise<Pair> {
  const { digest, ...bytestream } = agree(alice.jid)
  const pair = await dialPair(fleet.relays[first], fleet.relays[second], digest)
  assert.equal(verdict(await alice.activate(bytestream)), 'result')
  return pair
}

/** A bytestream that one of its clients resets. */
async function breakOff(fleet: Fleet, alice: Requester): Promise<void> {
  using pair = await joined(fleet, alice, [0, 0])
  pair.first.resetAndDestroy()
}

/** A file of alice's for bob, who is away. */
async function leaveWithCourier(fleet: Fleet): Promise<void> {
  await using folder = temporaryFolder('e2e-monitoring')
  const [file, passwordFile] = [folder.file('letter'), folder.file('password')]
  await writeFile(file, 'Come back soon.')
  await writeFile(passwordFile, 'alice', { mode: 0o600 })
  const { domain, service } = fleet.xmpp
  const account = ['--jid', `alice@${domain}`, '--password-file', passwordFile, '--service', service, '--plaintext']
  const to = ['--to', `bob@${domain}`, '--offline', '--courier', fleet.courier]
  const alice = await startCli(['send', file, ...to, ...account], { name: 'alice', logFile: folder.file('alice.log') })
  try {
    await alice.waitForEvent('stored', AbortSignal.timeout(60_000))
  } finally {
    await alice.stop()
  }
}

/** A third connection to one digest, and a half that leaves before anybody activates it. */
async function beRefused(fleet: Fleet): Promise<void> {
  const { digest } = agree('mallory@example.test/desk')
  using _pair = await dialPair(fleet.relays[0], fleet.relays[1], digest)
  const third = await dialRelay(fleet.relays[0], digest)
  assert.equal(third.rep, 2)
  third.socket.destroy()
}
