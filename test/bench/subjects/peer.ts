import { startEjabberd } from '../../../deploy/local/ejabberd.ts'
import { freePort } from '../../../deploy/local/port.ts'
import { startProsody } from '../../../deploy/local/prosody.ts'
import type { Workshop } from '../workshop.ts'
import { logInActivators } from './activator.ts'
import type { RunningSubject, Subject } from './subject.ts'

const domain = 'peer.test'
const proxy = 'proxy65.peer.test'
const accounts = [{ user: 'alice', password: 'alice' }]
const servers = { ejabberd: startEjabberd, Prosody: startProsody }

/** The mod_proxy65 of a real server. It takes seconds to start and holds no pipes, so it runs until the workshop closes. */
export function peerSubject(workshop: Workshop, name: keyof typeof servers): Subject {
  let running: Promise<RunningSubject> | undefined
  return {
    name,
    async start() {
      running ??= startPeer(workshop, name)
      return { ...(await running), async [Symbol.asyncDispose]() {} }
    },
  }
}

async function startPeer({ opened }: Workshop, name: keyof typeof servers): Promise<RunningSubject> {
  const port = await freePort()
  const xmpp = opened.use(await servers[name]({ domain, accounts, components: [], proxy65: { domain: proxy, port } }))
  return {
    pids: [xmpp.pid],
    target: { receivers: port, senders: port },
    requesters: await logInActivators({ xmpp, accounts, proxy }, opened),
    async [Symbol.asyncDispose]() {},
  }
}
