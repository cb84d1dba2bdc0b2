import { randomBytes } from 'node:crypto'
import { startProsody } from '../../../deploy/local/prosody.ts'
import { KeyedTraffic } from '../../support/keyed-traffic.ts'
import { until } from '../../support/until.ts'
import type { Act, Expectation, Family, Fault, Phase, Seen } from '../case.ts'
import { watchFor } from '../sign.ts'
import type { Stage } from '../stage.ts'

const comesBack = 'control connects again, after half a second at first, with jitter; relays keep what waits'
const eitherAnswers = 'nothing to heal: controls share what they know by Redis and relays, so either may answer'
const misconfigured = { by: 'control', log: 'the XMPP server does not take us' } as const
const connectsAgain = { by: 'control', log: 'connected to the XMPP server' } as const

/** The XMPP server goes, refuses, or has another in our place. */
function xmppFaults(server: 'prosody' | 'ejabberd', faults: readonly Fault[]): Family {
  return {
    name: server,
    about: `The XMPP server, a real ${server}. Relays go on accepting, and running bytestreams never notice.`,
    stage: { server },
    faults: [restarted, ...faults],
  }
}

const restarted: Fault = {
  fault: 'killed and started again',
  async strike({ fleet }) {
    fleet.xmpp.kill()
    await fleet.xmpp.exited
  },
  async heal(stage) {
    await stage.fleet.xmpp.restart()
    await answers(stage)
  },
  at: everyPhase('no server', { operator: connectsAgain, heals: comesBack }),
}

function everyPhase(
  answer: string,
  told: Pick<Expectation, 'operator' | 'heals'>,
  duringHandoff = answer,
): Record<Phase, Expectation> {
  return {
    handshake: { clients: `accepted, ${answer}, then joined, exact`, ...told },
    waiting: { clients: `${answer}, then joined, exact`, ...told },
    handoff: { clients: `${duringHandoff}, then joined, exact`, ...told },
    transfer: { clients: 'exact', ...told },
  }
}

export const prosodyFaults = xmppFaults('prosody', [
  {
    fault: 'unreachable for control',
    async strike(stage) {
      await stage.xmpp.down()
      await stage.controlMissed()
    },
    async heal(stage) {
      await stage.xmpp.up()
      await answers(stage)
    },
    at: everyPhase('remote-server-timeout', { operator: connectsAgain, heals: comesBack }, 'no answer'),
  },
  {
    fault: 'refuses our secret',
    async strike(stage) {
      const { fleet, xmpp } = stage
      const told = await watchFor(misconfigured, (service) => stage.witnesses(service))
      const secret = randomBytes(8).toString('hex')
      const stranger = await startProsody({
        domain: fleet.xmpp.domain,
        accounts: [],
        components: [{ domain: fleet.proxy, secret }],
      })
      stage.afterwards(() => stranger.stop())
      xmpp.leadTo({ host: '127.0.0.1', port: stranger.componentPort })
      await told()
      await stage.controlMissed()
    },
    async heal(stage) {
      stage.xmpp.leadTo({ host: '127.0.0.1', port: stage.fleet.xmpp.componentPort })
      await answers(stage)
    },
    at: {
      waiting: {
        clients: 'remote-server-timeout, then joined, exact',
        operator: misconfigured,
        heals: 'by a person; control tries again all the time',
      },
      transfer: {
        clients: 'exact',
        operator: misconfigured,
        heals: 'by a person; control tries again all the time',
      },
    },
  },
  {
    fault: 'keeps a dead session of the component',
    async strike(stage) {
      const { control } = stage
      control.kill('SIGSTOP')
      const newcomer = await stage.addControl()
      await newcomer.waitForLine(({ msg }) => String(msg).startsWith('standing by'))
      stage.afterwards(async () => void (await control.stop()))
      stage.afterwards(() => control.kill('SIGCONT'))
    },
    async heal(stage) {
      for (const control of stage.controls) control.kill('SIGCONT')
      await answers(stage)
    },
    at: {
      waiting: {
        clients: 'no answer, then joined, exact',
        operator: { by: 'control', log: 'standing by: another replica is connected to the XMPP server' },
        heals: 'the server must end the dead session; the replica that stands by then has it within two seconds',
      },
    },
  },
])

export const ejabberdFaults = xmppFaults('ejabberd', [
  {
    fault: 'lets two in our place',
    async strike(stage) {
      const first = stage.control
      const second = await stage.addControl()
      await second.waitForLine(({ msg }) => String(msg).startsWith(connectsAgain.log))
      stage.afterwards(async () => void (await first.stop()))
    },
    at: {
      waiting: { clients: 'joined, exact', operator: connectsAgain, heals: eitherAnswers },
      transfer: { clients: 'exact', operator: connectsAgain, heals: eitherAnswers },
    },
  },
  {
    fault: 'keeps a dead session of the component beside ours',
    async strike(stage) {
      const { control } = stage
      control.kill('SIGSTOP')
      const newcomer = await stage.addControl()
      await newcomer.waitForLine(({ msg }) => String(msg).startsWith(connectsAgain.log))
      stage.afterwards(async () => void (await control.stop()))
      stage.afterwards(() => control.kill('SIGCONT'))
    },
    at: {
      waiting: {
        clients: 'joined by the one that lives, perhaps at a later request, exact',
        operator: connectsAgain,
        heals: 'the server must end the dead session, to which it gives every other request until then',
        play: asksUntilJoined,
      },
    },
  },
])

/** Every second request goes to a session that never answers, by the toss of a coin. */
async function asksUntilJoined(stage: Stage, act: Act): Promise<Seen> {
  using bytestream = stage.agree()
  await bytestream.dial(stage.owner, stage.holder)
  await act.strike()
  const answer = await bytestream.activateAgain(90_000)
  const traffic = new KeyedTraffic(bytestream.pair, bytestream.digest)
  await traffic.goesOn()
  const delivery = await traffic.finish()
  const clients = `${answer} by the one that lives, perhaps at a later request, ${delivery}`
  return { clients, lostBytes: traffic.lostBytes }
}

/** Resolves when the component answers through the server. */
async function answers(stage: Stage): Promise<void> {
  await until('the proxy answers', () => stage.proxyAnswers(), { timeoutMs: 30_000, everyMs: 200 })
}
