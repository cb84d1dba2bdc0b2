import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseStanza } from '../../../test/support/parse-stanza.ts'
import { parseJid } from '../../shared/bytestream/jid.ts'
import type { Admittance } from '../../shared/component/iq-budget.ts'
import { verificationOf } from '../../shared/xmpp/caps.ts'
import { StanzaError } from '../../shared/xmpp/stanza-error.ts'
import { attribute, type Element, ns, xml } from '../../shared/xmpp/xml.ts'
import { addressOf } from './address.ts'
import { createSwitchboard } from './switchboard.ts'

const domain = 'courier.ex.com'
const alice = 'alice@ex.com/phone'
const bob = addressOf('bob@ex.com', domain)
const bobs = 'bob\\40ex.com@courier.ex.com'

function setUp(admit: () => Admittance = () => 'admitted') {
  const sent: Element[] = []
  const told: unknown[] = []
  const charged: string[] = []
  const switchboard = createSwitchboard(
    {
      send: async (stanza) => void sent.push(stanza),
      budget: {
        take(sender) {
          charged.push(sender.local)
          return admit()
        },
      },
      events: {
        iqAnswered: (outcome) => told.push(outcome),
        handlerFailed: (error) => told.push(error),
        floodHeld: (sender, held) => told.push(`${held} ${sender.local}`),
      },
    },
    { componentDomain: domain, discoName: 'Courier' },
  )
  const ask = (to: string, payload: string, type = 'get', from = alice) =>
    switchboard.receive(parseStanza(`<iq type='${type}' id='1' from='${from}' to='${to}'>${payload}</iq>`))
  return { switchboard, sent, told, charged, ask }
}

const info = `<query xmlns='${ns.discoInfo}'/>`
const children = (answer: Element | undefined) => answer?.getChildElements()[0]?.getChildElements() ?? []
const features = (answer: Element | undefined) =>
  children(answer).flatMap((child) => (child.getName() === 'feature' ? (attribute(child, 'var') ?? []) : []))
const condition = (answer: Element | undefined) => answer?.getChild('error')?.getChildElements()[0]?.getName()

describe('Switchboard', () => {
  it('knows that the server has taken in what was sent when what it sent to itself comes back', async () => {
    const { switchboard, sent } = setUp()
    const settled = switchboard.settled()
    let isSettled = false
    void settled.then(() => {
      isSettled = true
    })
    await switchboard.receive(parseStanza(`<iq type='get' id='keepalive' from='${domain}' to='${domain}'><ping/></iq>`))
    await new Promise(setImmediate)
    assert.equal(isSettled, false)
    const [ping] = sent
    assert.deepEqual([ping?.attrs.from, ping?.attrs.to], [domain, domain])
    assert.equal(await switchboard.receive(parseStanza(String(ping))), undefined)
    await settled
  })

  it('does not know it when the component is lost', async () => {
    const { switchboard } = setUp()
    const settled = switchboard.settled()
    switchboard.disconnected(new Error('lost'))
    await assert.rejects(settled, { code: 'unavailable' })
  })

  it('answers discovery for the component and for the address of any user', async () => {
    const { ask } = setUp()
    const service = children(await ask(domain, info))
    assert.deepEqual({ ...service[0]?.attrs }, { category: 'store', type: 'file', name: 'Courier' })
    const user = await ask(`${bobs}/courier`, info)
    assert.deepEqual([attribute(user ?? assert.fail(), 'from'), user?.attrs.to], [`${bobs}/courier`, alice])
    assert.deepEqual({ ...children(user)[0]?.attrs }, { category: 'client', type: 'bot', name: 'Courier' })
    assert.ok(features(user).includes('jid\\20escaping'))
    assert.equal(condition(await ask(bobs, info)), undefined)
  })

  it('says of an address what has been enabled for it, and answers that', async () => {
    const { ask, switchboard } = setUp()
    switchboard.enable('user', {
      features: ['urn:x'],
      attend: (session) =>
        void session.onIq({ name: 'x', namespace: 'urn:x' }, () => xml('y', { of: session.jid.local })),
    })
    assert.ok(features(await ask(bobs, info)).includes('urn:x'))
    assert.ok(!features(await ask(domain, info)).includes('urn:x'))
    const answer = await ask(bobs, "<x xmlns='urn:x'/>")
    assert.equal(answer?.getChild('y')?.attrs.of, bob.local)
    assert.equal(condition(await ask(domain, "<x xmlns='urn:x'/>")), 'service-unavailable')
  })

  it('sends capabilities whose hash is of what it answers, and answers at their node', async () => {
    const { ask, switchboard } = setUp()
    switchboard.enable('service', { features: ['urn:x'], forms: [parseStanza("<x xmlns='jabber:x:data'/>")] })
    for (const [owner, to] of [
      ['service', domain],
      ['user', bobs],
    ] as const) {
      const { node, ver } = switchboard.capabilities(owner).attrs
      assert.equal(verificationOf(children(await ask(to, info))), ver)
      const at = await ask(to, `<query xmlns='${ns.discoInfo}' node='${node}#${ver}'/>`)
      assert.equal(at?.getChild('query')?.attrs.node, `${node}#${ver}`)
      assert.equal(verificationOf(children(at)), ver)
    }
  })

  it('knows nobody by a name that is no JID, and no resource but its own', async () => {
    const { ask } = setUp()
    for (const [to, expected] of [
      [`bob@${domain}`, 'item-not-found'],
      [`${bobs}/phone`, 'service-unavailable'],
      [`${domain}/courier`, 'service-unavailable'],
    ] as const) {
      assert.equal(condition(await ask(to, info)), expected, to)
    }
  })

  it('answers neither results, errors, messages nor what came from itself', async () => {
    const { ask, switchboard } = setUp()
    for (const type of ['result', 'error']) assert.equal(await ask(bobs, info, type), undefined)
    assert.equal(await ask(domain, info, 'get', domain), undefined)
    assert.equal(await switchboard.receive(parseStanza(`<message from='${alice}' to='${bobs}'/>`)), undefined)
  })

  it('tells who writes to an address as to a person whom to write to, and answers nothing else that is said', async () => {
    const { switchboard } = setUp()
    const say = (message: string) => switchboard.receive(parseStanza(message))
    const answer = await say(
      `<message id='m1' type='chat' from='${alice}' to='${bobs}'><body>Are you there?</body></message>`,
    )
    assert.equal(condition(answer), 'not-acceptable')
    const { type, id, from, to } = answer?.attrs ?? {}
    assert.deepEqual({ type, id, from, to }, { type: 'error', id: 'm1', from: bobs, to: alice })
    assert.match(String(answer), /This address is for files only: write to bob@ex.com/)
    for (const message of [
      `<message type='error' from='${alice}' to='${bobs}'><body>lost</body></message>`,
      `<message type='headline' from='${alice}' to='${bobs}'><body>news</body></message>`,
      `<message from='${alice}' to='${bobs}'><received xmlns='urn:xmpp:receipts' id='1'/></message>`,
    ]) {
      assert.equal(await say(message), undefined, message)
    }
  })

  it('hands on presence and messages to any address', async () => {
    const { switchboard } = setUp()
    const seen: string[] = []
    switchboard.onPresence((presence) => seen.push(`${presence.attrs.type} ${presence.attrs.to}`))
    const end = switchboard.onMessage((message) => seen.push(`message ${message.attrs.to}`))
    await switchboard.receive(parseStanza(`<presence type='subscribe' from='${alice}' to='${bobs}'/>`))
    await switchboard.receive(parseStanza(`<message from='${alice}' to='${domain}'/>`))
    end()
    await switchboard.receive(parseStanza(`<message from='${alice}' to='${domain}'/>`))
    assert.deepEqual(seen, [`subscribe ${bobs}`, `message ${domain}`])
  })

  it('reports a handler that fails', async () => {
    const { ask, switchboard, told } = setUp()
    const fault = new TypeError('undefined is not a courier')
    const attend = (session: ReturnType<typeof switchboard.session>) =>
      void session.onIq({ name: 'x', namespace: 'urn:x' }, () => {
        throw fault
      })
    switchboard.enable('user', { features: [], attend })
    assert.equal(condition(await ask(bobs, "<x xmlns='urn:x'/>")), 'internal-server-error')
    assert.deepEqual(told, [fault, 'internal-server-error'])
  })
})

describe('Switchboard.session()', () => {
  it('asks as its address, and hears only from whom it asked', async () => {
    const { switchboard, sent } = setUp()
    const asking = switchboard.session(bob).request(xml('iq', { type: 'get', to: alice }, xml('ping')))
    const [request] = sent
    assert.equal(request?.attrs.from, `${bobs}/courier`)
    const answer = (from: string, mark: string) =>
      switchboard.receive(
        parseStanza(`<iq type='result' id='${request?.attrs.id}' from='${from}' to='${bobs}/courier'><${mark}/></iq>`),
      )
    await answer('mallory@ex.com/x', 'forged')
    await answer(alice, 'genuine')
    assert.ok((await asking).getChild('genuine'))
  })

  it('asks as the component itself', async () => {
    const { switchboard, sent } = setUp()
    const asking = switchboard.session(parseJid(domain)).request(xml('iq', { type: 'get', to: 'proxy.ex.com' }))
    assert.equal(sent[0]?.attrs.from, domain)
    switchboard.disconnected(new Error('the server went away'))
    await assert.rejects(asking, { code: 'unavailable' })
  })

  it('keeps its handlers for as long as they are wanted', async () => {
    const { switchboard, ask } = setUp()
    const remove = switchboard.session(bob).onIq({ name: 'x', namespace: 'urn:x' }, () => xml('y'))
    assert.ok((await ask(bobs, "<x xmlns='urn:x'/>"))?.getChild('y'))
    assert.ok((await ask(bobs, "<x xmlns='urn:x'/>"))?.getChild('y'))
    remove()
    remove()
    assert.equal(condition(await ask(bobs, "<x xmlns='urn:x'/>")), 'service-unavailable')
  })

  it('is made anew for the next request once nobody uses it', async () => {
    const { switchboard, ask } = setUp()
    const made: string[] = []
    switchboard.enable('user', { features: [], attend: ({ jid }) => void made.push(jid.local) })
    const remove = switchboard.session(bob).onIq({ name: 'x', namespace: 'urn:x' }, () => undefined)
    await ask(bobs, info)
    await ask(bobs, info)
    assert.equal(made.length, 1)
    remove()
    await ask(bobs, info)
    assert.equal(made.length, 2)
  })
})

describe('A sender who asks too much', () => {
  it('is told once, and then not answered', async () => {
    let admittance: Admittance = 'refused'
    const { ask, switchboard, told } = setUp(() => admittance)
    assert.equal(condition(await ask(bobs, info)), 'resource-constraint')
    admittance = 'dropped'
    assert.equal(await ask(bobs, info), undefined)
    const seen: Element[] = []
    switchboard.onPresence((presence) => seen.push(presence))
    await switchboard.receive(parseStanza(`<presence type='probe' from='${alice}' to='${bobs}'/>`))
    assert.deepEqual(seen, [])
    assert.deepEqual(told, ['refused alice', 'dropped alice', 'dropped alice'])
  })

  it('pays for blocks of streams that nobody accepted only', async () => {
    const { ask, switchboard, charged } = setUp()
    const block = (sid: string) => ask(bobs, `<data xmlns='${ns.ibb}' sid='${sid}' seq='0'>AAAA</data>`, 'set')
    switchboard.session(bob).onIq({ name: 'data', namespace: ns.ibb }, (data) => {
      if (data.attrs.sid !== 'mine') throw new StanzaError({ condition: 'item-not-found' })
      return undefined
    })
    await block('mine')
    await block('mine')
    assert.deepEqual(charged, [])
    assert.equal(condition(await block('other')), 'item-not-found')
    assert.deepEqual(charged, ['alice'])
  })
})
