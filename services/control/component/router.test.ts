import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { parseStanza } from '../../../test/support/parse-stanza.ts'
import { digestAsTyped } from '../../shared/bytestream/digest.ts'
import { Failure } from '../../shared/bytestream/failure.ts'
import { createAdmission } from '../../shared/component/admission.ts'
import type { Admittance } from '../../shared/component/iq-budget.ts'
import { version } from '../../shared/runtime/version.ts'
import { ns } from '../../shared/xmpp/xml.ts'
import { activateRoute } from '../bytestreams/activate.ts'
import type { Activation } from '../bytestreams/activator.ts'
import { discoRoutes } from '../bytestreams/disco.ts'
import { addressRoute } from '../bytestreams/streamhost.ts'
import { housekeepingRoutes } from './housekeeping.ts'
import { createRouter } from './router.ts'

const componentDomain = 'p.ex.com'
const BS = ns.bytestreams

/** All of control's routes in front of an activator that records, and does as it is told. */
function setUp(
  activator: (activation: Activation) => Promise<'joined'> = async () => 'joined',
  { admittance = 'admitted' }: { admittance?: Admittance } = {},
) {
  const clock = new ManualClock()
  const activations: Activation[] = []
  const told: string[] = []
  const limits: string[] = []
  const faults: unknown[] = []
  const admits = createAdmission({ componentDomain, allow: [], deny: ['mallory@ex.com'] })
  const directory = {
    alive: () => [],
    known: () => [],
    find: () => undefined,
    noneAlive: () => false,
    missingMs: () => 0,
    stop: async () => {},
  }
  const options = {
    componentDomain,
    discoName: 'Relay',
    discoSoftware: true,
    contactAbuse: ['mailto:abuse@ex.com', 'xmpp:abuse@ex.com'],
    contactAdmin: [],
    contactSupport: [],
    streamhosts: [
      { name: '', host: '2001:db8::1', port: 7777 },
      { name: 'r1', host: 'r1.ex.com', port: 443 },
    ],
    streamhostMode: 'shared' as const,
    perPodStreamhosts: 3,
    activationsPerRequester: 2,
  }
  const activate = async (activation: Activation) => {
    activations.push(activation)
    return { outcome: await activator(activation), relays: [] }
  }
  const route = createRouter(
    {
      routes: [
        ...discoRoutes({}, options),
        ...housekeepingRoutes({ clock }),
        addressRoute({ directory, admits }, options),
        activateRoute(
          {
            activator: { activate },
            quotas: { admit: async () => ({ accounts: [], leave() {} }) },
            directory,
            admits,
            clock,
            events: {
              activationAnswered: ({ outcome }) => told.push(outcome),
              limitReached: (limit) => limits.push(limit),
            },
          },
          options,
        ),
      ],
      serves: (resource) => resource === 'r1',
      budget: { take: () => admittance },
      events: {
        iqAnswered: (kind, outcome) => told.push(`${kind} ${outcome}`),
        handlerFailed: (_kind, error) => faults.push(error),
        floodHeld: ({ local }, held) => told.push(`${held} ${local}`),
      },
    },
    { componentDomain },
  )
  const answer = async (text: string, namespace?: string) => String((await route(parseStanza(text, namespace))) ?? '')
  return { answer, activations, told, limits, faults, clock }
}

const get = (payload: string, to = componentDomain) =>
  `<iq type='get' id='1' from='a@ex.com/R' to='${to}'>${payload}</iq>`
const set = (payload: string, from = 'a@ex.com/R') =>
  `<iq type='set' id='1' from='${from}' to='p.ex.com'>${payload}</iq>`
const activation = `<query xmlns='${BS}' sid='s1'><activate>b@ex.org/T</activate></query>`
const result = (child = '') =>
  child === ''
    ? '<iq type="result" id="1" to="a@ex.com/R" from="p.ex.com"/>'
    : `<iq type="result" id="1" to="a@ex.com/R" from="p.ex.com">${child}</iq>`

/** The condition and the type of an error answer, `item-not-found cancel`. */
function refusal(answer: string): string {
  const [, type] = /<error type="(\w+)">/.exec(answer) ?? []
  const [, condition] = /<([a-z-]+) xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"\/>/.exec(answer) ?? []
  return `${condition} ${type}`
}

describe('createRouter()', () => {
  it('says who we are and what we serve', async () => {
    const features = [ns.discoInfo, ns.discoItems, BS, ns.ping, ns.version, ns.lastActivity]
    assert.equal(
      await setUp().answer(get(`<query xmlns='${ns.discoInfo}'/>`)),
      result(
        `<query xmlns="${ns.discoInfo}"><identity category="proxy" type="bytestreams" name="Relay"/>` +
          features.map((feature) => `<feature var="${feature}"/>`).join('') +
          `<x xmlns="jabber:x:data" type="result"><field var="FORM_TYPE" type="hidden"><value>urn:xmpp:dataforms:softwareinfo</value></field>` +
          `<field var="software"><value>splice65</value></field><field var="software_version"><value>${version}</value></field></x>` +
          `<x xmlns="jabber:x:data" type="result"><field var="FORM_TYPE" type="hidden"><value>http://jabber.org/network/serverinfo</value></field>` +
          `<field var="abuse-addresses" type="list-multi"><value>mailto:abuse@ex.com</value><value>xmpp:abuse@ex.com</value></field></x></query>`,
      ),
    )
  })

  it('has no items and no nodes', async () => {
    const { answer } = setUp()
    assert.equal(await answer(get(`<query xmlns='${ns.discoItems}'/>`)), result(`<query xmlns="${ns.discoItems}"/>`))
    for (const namespace of [ns.discoInfo, ns.discoItems]) {
      assert.equal(refusal(await answer(get(`<query xmlns='${namespace}' node='x'/>`))), 'item-not-found cancel')
    }
  })

  it('answers ping, version and uptime', async () => {
    const { answer, clock } = setUp()
    clock.advance(61_999)
    assert.equal(await answer(get(`<ping xmlns='${ns.ping}'/>`)), result())
    assert.equal(
      await answer(get(`<query xmlns='${ns.version}'/>`)),
      result(`<query xmlns="${ns.version}"><name>splice65</name><version>${version}</version></query>`),
    )
    assert.equal(
      await answer(get(`<query xmlns='${ns.lastActivity}'/>`)),
      result(`<query xmlns="${ns.lastActivity}" seconds="61"/>`),
    )
  })

  it('tells the streamhosts, with the SID of clients that send one', async () => {
    const hosts =
      '<streamhost jid="p.ex.com" host="2001:db8::1" port="7777"/><streamhost jid="p.ex.com/r1" host="r1.ex.com" port="443"/>'
    const { answer } = setUp()
    assert.equal(await answer(get(`<query xmlns='${BS}'/>`)), result(`<query xmlns="${BS}">${hosts}</query>`))
    assert.equal(
      await answer(get(`<query xmlns='${BS}' sid='s1'/>`)),
      result(`<query xmlns="${BS}" sid="s1">${hosts}</query>`),
    )
  })

  it('activates, in the room of the streamhost that was asked', async () => {
    const { answer, activations } = setUp()
    assert.equal(await answer(set(activation)), result())
    assert.deepEqual(activations, [
      {
        rooms: ['', 'r1'].map((streamhost) => ({ digest: 'd283bf4d9c2eaa3675aa6fc4d7d7b09c8622197b', streamhost })),
        requester: 'a@ex.com/R',
        target: 'b@ex.org/T',
        accounts: [],
      },
    ])
    await answer(set(activation).replace("to='p.ex.com'", "to='p.ex.com/r1'"))
    assert.deepEqual(
      activations[1]?.rooms.map(({ streamhost }) => streamhost),
      ['r1'],
    )
  })

  it('hashes prepared JIDs first and then those typed', async () => {
    const { answer, activations } = setUp()
    await answer(set(`<query xmlns='${BS}' sid='s1'><activate>\n B@EX.org/T </activate></query>`))
    const digests = ['d283bf4d9c2eaa3675aa6fc4d7d7b09c8622197b', digestAsTyped('s1', 'a@ex.com/R', 'B@EX.org/T')]
    assert.deepEqual(
      activations[0]?.rooms,
      ['', 'r1'].flatMap((streamhost) => digests.map((digest) => ({ digest, streamhost }))),
    )
    assert.equal(activations[0]?.target, 'b@ex.org/T')
  })

  it('reads stanzas however they are written', async () => {
    const written = [
      set(`\n  <query xmlns='${BS}' sid='s1'>\n    <activate>\n      b@ex.org/T\n    </activate>\n  </query>\n`),
      set(`<query xmlns='${BS}' sid='s1'><activate><![CDATA[b@ex.org/T]]></activate></query>`),
      set(`<b:query xmlns:b='${BS}' sid='s1'><b:activate>b@ex.org/T</b:activate></b:query>`),
      set(`<query xmlns='${BS}' sid='&#x73;1' mode='tcp'><activate>b&#64;ex.org/T</activate></query>`),
    ]
    for (const text of written) {
      const { answer, activations } = setUp()
      assert.equal(await answer(text), result(), text)
      assert.equal(activations[0]?.rooms[0].digest, 'd283bf4d9c2eaa3675aa6fc4d7d7b09c8622197b', text)
    }
    const { answer } = setUp()
    assert.equal(await answer(set(activation), 'jabber:client'), result())
  })

  it('answers a request that has no id or no to', async () => {
    const { answer } = setUp()
    assert.equal(
      await answer(`<iq type='get' from='a@ex.com/R' to='p.ex.com'><ping xmlns='${ns.ping}'/></iq>`),
      '<iq type="result" to="a@ex.com/R" from="p.ex.com"/>',
    )
    assert.match(
      await answer(`<iq type='get' id='1' from='a@ex.com/R'><ping xmlns='${ns.ping}'/></iq>`),
      /^<iq type="result" id="1"/,
    )
  })

  const refusals: [fact: string, stanza: string, error: string][] = [
    ['no payload', get(''), 'bad-request modify'],
    ['text only', get('hello'), 'bad-request modify'],
    ['two payloads', get(`<ping xmlns='${ns.ping}'/><ping xmlns='${ns.ping}'/>`), 'bad-request modify'],
    ['an activation beside another payload', set(`${activation}<x xmlns='y'/>`), 'bad-request modify'],
    ['a payload nobody knows', get("<query xmlns='jabber:iq:roster'/>"), 'service-unavailable cancel'],
    [
      'a command, where nobody is an administrator',
      set(`<command xmlns='${ns.commands}' node='x'/>`),
      'service-unavailable cancel',
    ],
    ['a known name in another namespace', get("<ping xmlns='x'/>"), 'service-unavailable cancel'],
    ['a set of what can only be got', set(`<query xmlns='${ns.discoInfo}'/>`), 'bad-request modify'],
    [
      'an iq type that does not exist',
      get(`<ping xmlns='${ns.ping}'/>`).replace("'get'", "'ask'"),
      'bad-request modify',
    ],
    ['a localpart of ours', get(`<ping xmlns='${ns.ping}'/>`, 'x@p.ex.com'), 'service-unavailable cancel'],
    ['a resource that is no streamhost', get(`<ping xmlns='${ns.ping}'/>`, 'p.ex.com/r9'), 'item-not-found cancel'],
    ['an address query of a stranger', get(`<query xmlns='${BS}'/>`).replace('a@ex.com', 'a@ex.org'), 'forbidden auth'],
    ['an activation of a stranger', set(activation, 'a@ex.org/R'), 'forbidden auth'],
    ['an activation of somebody denied', set(activation, 'Mallory@ex.com/R'), 'forbidden auth'],
    ['no sid', set(`<query xmlns='${BS}'><activate>b@ex.org/T</activate></query>`), 'bad-request modify'],
    ['an empty sid', set(`<query xmlns='${BS}' sid=''><activate>b@ex.org/T</activate></query>`), 'bad-request modify'],
    [
      'a sid longer than 1023 bytes',
      set(`<query xmlns='${BS}' sid='${'ü'.repeat(512)}'><activate>b@ex.org/T</activate></query>`),
      'bad-request modify',
    ],
    ['no activate', set(`<query xmlns='${BS}' sid='s1'/>`), 'bad-request modify'],
    [
      'two activates',
      set(`<query xmlns='${BS}' sid='s1'><activate>b@ex.org/T</activate><activate>b@ex.org/T</activate></query>`),
      'bad-request modify',
    ],
    ['an activate without a target', set(`<query xmlns='${BS}' sid='s1'><activate/></query>`), 'jid-malformed modify'],
    [
      'a target that is no JID',
      set(`<query xmlns='${BS}' sid='s1'><activate>@x</activate></query>`),
      'jid-malformed modify',
    ],
  ]
  for (const [fact, stanza, error] of refusals) {
    it(`refuses ${fact}`, async () => {
      const { answer, activations } = setUp()
      const text = await answer(stanza)
      assert.equal(refusal(text), error)
      assert.match(text, /^<iq type="error" id="1" to="/)
      assert.deepEqual(activations, [])
    })
  }

  const failures: [code: Failure['code'], error: string][] = [
    ['not-found', 'item-not-found cancel'],
    ['not-ready', 'not-allowed cancel'],
    ['taken', 'not-allowed cancel'],
    ['over-limit', 'resource-constraint wait'],
    ['unavailable', 'internal-server-error cancel'],
    ['internal', 'internal-server-error cancel'],
  ]
  for (const [code, error] of failures) {
    it(`answers ${error} to ${code}, and echoes the query`, async () => {
      const { answer, told } = setUp(async () => {
        throw new Failure(code, 'relay-0.secret:9443 said no')
      })
      const text = await answer(set(activation))
      assert.equal(refusal(text), error)
      assert.ok(text.includes(`from="p.ex.com"><query xmlns="${BS}" sid="s1"/><error `), text)
      assert.equal(text.includes('relay-0.secret'), !error.startsWith('internal'))
      assert.deepEqual(told, [code, `activate ${error.split(' ')[0]}`])
    })
  }

  it('echoes the query of every refused request for a bytestream', async () => {
    const { answer } = setUp()
    for (const stanza of [
      set(activation, 'a@ex.org/R'),
      set(`${activation}<x xmlns='y'/>`),
      set(activation.replace('b@', '@')),
    ]) {
      assert.ok((await answer(stanza)).includes(`<query xmlns="${BS}" sid="s1"/>`), stanza)
    }
  })

  it('answers a bug with internal-server-error, and reports it', async () => {
    const bug = new TypeError('undefined is not a function')
    const { answer, faults } = setUp(async () => {
      throw bug
    })
    const text = await answer(set(activation))
    assert.equal(refusal(text), 'internal-server-error cancel')
    assert.ok(!text.includes('undefined'))
    assert.deepEqual(faults, [bug])
  })

  it('limits the activations of one bare JID that are under way, and of that one only', async () => {
    const gate = Promise.withResolvers<'joined'>()
    const { answer, limits } = setUp(() => gate.promise)
    const under = [1, 2].map((n) => answer(set(activation.replace('s1', `s${n}`), `a@ex.com/R${n}`)))
    assert.equal(refusal(await answer(set(activation.replace('s1', 's3')))), 'resource-constraint wait')
    assert.deepEqual(limits, ['requester-activations'])
    const other = answer(set(activation, 'c@ex.com/R'))
    gate.resolve('joined')
    for (const text of await Promise.all([...under, other])) assert.match(text, /^<iq type="result"/)
    assert.equal(await answer(set(activation)), result())
  })

  it('never answers results, errors, messages, presence, or what we sent ourselves', async () => {
    const { answer, told } = setUp()
    const silent = [
      get(`<ping xmlns='${ns.ping}'/>`).replace("'get'", "'result'"),
      get(`<ping xmlns='${ns.ping}'/>`).replace("'get'", "'error'"),
      get(`<ping xmlns='${ns.ping}'/>`).replace('a@ex.com/R', 'p.ex.com'),
      get(`<ping xmlns='${ns.ping}'/>`).replace("from='a@ex.com/R'", ''),
      "<message from='a@ex.com/R' to='p.ex.com'><body>hi</body></message>",
      "<message type='error' from='a@ex.com/R' to='p.ex.com'/>",
      "<presence from='a@ex.com/R' to='p.ex.com'/>",
      "<presence type='probe' from='a@ex.com' to='p.ex.com'/>",
      "<presence type='unavailable' from='a@ex.com/R' to='p.ex.com'/>",
      "<presence type='error' from='a@ex.com/R' to='p.ex.com'/>",
    ]
    for (const stanza of silent) assert.equal(await answer(stanza), '', stanza)
    assert.deepEqual(told, [])
  })

  it('has no more to say to its own answer, when two proxies are set on each other', async () => {
    const { answer } = setUp()
    const another = createRouter(
      {
        routes: [],
        serves: () => false,
        budget: { take: () => 'admitted' },
        events: { iqAnswered() {}, handlerFailed: (_kind, error) => assert.fail(String(error)), floodHeld() {} },
      },
      { componentDomain: 'q.ex.com' },
    )
    const asked = [`<ping xmlns='${ns.ping}'/>`, activation, '<x xmlns="urn:x"/>', ''].flatMap((payload) => [
      get(payload).replace('a@ex.com/R', 'q.ex.com'),
      set(payload, 'q.ex.com'),
    ])
    for (const stanza of asked) {
      const said = await answer(stanza)
      assert.match(said, /^<iq type="(result|error)"/, stanza)
      assert.equal(await another(parseStanza(said)), undefined, said)
    }
  })

  it('says once to a sender that it asks too much, and then is silent', async () => {
    const refusing = setUp(undefined, { admittance: 'refused' })
    const text = await refusing.answer(set(activation))
    assert.equal(refusal(text), 'resource-constraint wait')
    assert.ok(text.includes(`<query xmlns="${BS}" sid="s1"/>`), text)
    assert.deepEqual(refusing.told, ['refused a'])

    const dropping = setUp(undefined, { admittance: 'dropped' })
    assert.equal(await dropping.answer(set(activation)), '')
    assert.deepEqual(dropping.told, ['dropped a'])
  })

  it('declines no presence subscription of a sender that asks too much', async () => {
    const { answer } = setUp(undefined, { admittance: 'refused' })
    assert.equal(await answer("<presence type='subscribe' from='a@ex.com' to='p.ex.com'/>"), '')
  })

  it('declines a presence subscription', async () => {
    assert.equal(
      await setUp().answer("<presence type='subscribe' id='s' from='a@ex.com' to='p.ex.com'/>"),
      '<presence type="unsubscribed" id="s" from="p.ex.com" to="a@ex.com"/>',
    )
  })

  it('gives exactly one answer to every get and set, whatever is in it', async () => {
    const { answer } = setUp()
    const names = ['query', 'ping', 'activate', 'streamhost', 'x']
    const namespaces = [BS, ns.discoInfo, ns.discoItems, ns.ping, ns.version, 'urn:x']
    const payload = fc
      .record({
        name: fc.constantFrom(...names),
        namespace: fc.constantFrom(...namespaces),
        sid: fc.constantFrom('', "sid=''", "sid='s1'"),
        inner: fc.constantFrom('', '<activate/>', '<activate>b@ex.org/T</activate>', 'text', '<a><b/></a>'),
      })
      .map(({ name, namespace, sid, inner }) => `<${name} xmlns='${namespace}' ${sid}>${inner}</${name}>`)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('get', 'set'),
        fc.array(payload, { maxLength: 3 }),
        fc.constantFrom('p.ex.com', 'p.ex.com/r1', 'p.ex.com/r2', 'u@p.ex.com'),
        async (type, payloads, to) => {
          const text = await answer(`<iq type='${type}' id='1' from='a@ex.com/R' to='${to}'>${payloads.join('')}</iq>`)
          assert.match(text, /^<iq type="(?:result|error)" id="1" to="a@ex.com\/R"/)
        },
      ),
      { numRuns: 300 },
    )
  })
})
