import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseStanza } from '../../../test/support/parse-stanza.ts'
import { discoRoutes } from '../../control/bytestreams/disco.ts'
import { createRouter } from '../../control/component/router.ts'
import { Failure } from '../bytestream/failure.ts'
import { formatJid } from '../bytestream/jid.ts'
import { attribute, type Element, ns } from '../xmpp/xml.ts'
import type { Command } from './command.ts'
import { commandNodes } from './discovery.ts'
import { commandHandler } from './protocol.ts'
import { CommandSessions } from './sessions.ts'

const componentDomain = 'p.ex.com'
const admin = 'ann@ex.com/phone'
const stanzas = 'urn:ietf:params:xml:ns:xmpp-stanzas'

/** One that asks which door to open, and one that tells the time at once. */
function setUp() {
  const opened: string[] = []
  const told: string[] = []
  const faults: unknown[] = []
  let nowMs = Date.UTC(2026, 0, 1)
  const open: Command = {
    node: 'open',
    name: 'Open a door',
    form: {
      asks: ['door'],
      make: async () => ({ ask: { fields: [{ name: 'door', type: 'list-single', required: true }] } }),
    },
    async run({ door = '' }) {
      if (door === 'locked') throw new Failure('forbidden', 'The door is locked')
      if (door === 'broken') throw new TypeError('undefined is not a door')
      opened.push(door)
      return { notes: [{ type: 'info', text: `${door} is open` }] }
    },
  }
  const time: Command = {
    node: 'time',
    name: 'Tell the time',
    run: async () => ({
      form: {
        table: {
          columns: [{ name: 'hour' }, { name: 'zone' }],
          rows: [
            [12, ''],
            [1, 'x'],
          ],
        },
      },
    }),
  }
  const nothing: Command = {
    node: 'nothing',
    name: 'Choose from nothing',
    form: { asks: ['it'], make: async () => ({ end: { notes: [{ type: 'info', text: 'There is nothing' }] } }) },
    run: async () => assert.fail('it is never run'),
  }
  const commands = [open, time, nothing]
  const mayUse = (jid: { local: string }) => jid.local === 'ann'
  /** Each replica has sessions of its own; they share the secret and nothing else. */
  const replica = (secret = 'component secret') => {
    const route = createRouter(
      {
        routes: [
          ...discoRoutes({ nodes: commandNodes({ commands, mayUse }, { componentDomain }) }, discoOptions),
          {
            kind: 'command',
            type: 'set',
            name: 'command',
            namespace: ns.commands,
            handle: commandHandler({
              commands,
              mayUse,
              sessions: new CommandSessions({ now: () => nowMs }, { componentSecret: secret }),
              events: {
                commandEnded: ({ node, by, entries, failure }) =>
                  told.push([node, formatJid(by), JSON.stringify(entries), failure?.message ?? 'done'].join(' ')),
              },
            }),
          },
        ],
        serves: () => false,
        budget: { take: () => 'admitted' },
        events: { iqAnswered: () => {}, handlerFailed: (_kind, error) => faults.push(error), floodHeld: () => {} },
      },
      { componentDomain },
    )
    return async (payload: string, from = admin, type = 'set'): Promise<Element> => {
      const iq = `<iq type='${type}' id='1' from='${from}' to='${componentDomain}'>${payload}</iq>`
      return (await route(parseStanza(iq))) ?? assert.fail('there is no answer')
    }
  }
  return { ask: replica(), replica, opened, told, faults, pass: (ms: number) => (nowMs += ms) }
}

const discoOptions = {
  discoName: 'Relay',
  discoSoftware: false,
  contactAbuse: [],
  contactAdmin: [],
  contactSupport: [],
}

function request(attributes: string, child = ''): string {
  return `<command xmlns='${ns.commands}' ${attributes}>${child}</command>`
}

function submission(door: string, type = 'submit'): string {
  return `<x xmlns='jabber:x:data' type='${type}'><field var='FORM_TYPE'><value>open</value></field><field var='door'><value>${door}</value></field></x>`
}

/** Status and notes of a command's answer. */
function answered(iq: Element) {
  assert.equal(iq.attrs.type, 'result', String(iq))
  const command = iq.getChild('command', ns.commands) ?? assert.fail(String(iq))
  return {
    status: attribute(command, 'status'),
    sessionId: attribute(command, 'sessionid') ?? '',
    notes: command.getChildren('note').map((note) => `${note.attrs.type} ${note.text()}`),
    command,
  }
}

/** Condition, type and the condition of XEP-0050, where there is one. */
function refusal(iq: Element): string {
  assert.equal(iq.attrs.type, 'error', String(iq))
  const error = iq.getChild('error') ?? assert.fail(String(iq))
  const conditions = error.getChildElements().filter((child) => child.getName() !== 'text')
  const [stanza, own] = [stanzas, ns.commands].map((namespace) => conditions.find((it) => it.getNS() === namespace))
  return [stanza?.getName(), error.attrs.type, own?.getName()].filter(Boolean).join(' ')
}

async function begin(ask: (payload: string, from?: string) => Promise<Element>, from = admin): Promise<string> {
  const { status, sessionId } = answered(await ask(request("node='open' action='execute'"), from))
  assert.equal(status, 'executing')
  return sessionId
}

describe('A command without a form', () => {
  it('runs at once, and tells its table', async () => {
    const { ask, told } = setUp()
    const { status, sessionId, command } = answered(await ask(request("node='time'")))
    assert.equal(status, 'completed')
    assert.notEqual(sessionId, '')
    assert.equal(
      String(command.getChild('x')),
      '<x xmlns="jabber:x:data" type="result"><title>Tell the time</title>' +
        '<field var="FORM_TYPE" type="hidden"><value>time</value></field>' +
        '<reported><field var="hour"/><field var="zone"/></reported>' +
        '<item><field var="hour"><value>12</value></field><field var="zone"><value/></field></item>' +
        '<item><field var="hour"><value>1</value></field><field var="zone"><value>x</value></field></item></x>',
    )
    assert.deepEqual(told, ['time ann@ex.com/phone {} done'])
  })

  it('has nothing to follow it', async () => {
    const { ask } = setUp()
    const { sessionId } = answered(await ask(request("node='time'")))
    const again = request(`node='time' sessionid='${sessionId}' action='complete'`)
    assert.equal(refusal(await ask(again)), 'bad-request modify bad-sessionid')
  })
})

describe('A command with a form', () => {
  it('hands it out, and says that it is the only one', async () => {
    const { ask } = setUp()
    const { command, status } = answered(await ask(request("node='open' action='execute' xml:lang='fi'")))
    assert.equal(status, 'executing')
    assert.equal(
      command.getChildElements().map(String).join(''),
      '<actions execute="complete"><complete/></actions><x xmlns="jabber:x:data" type="form"><title>Open a door</title>' +
        '<field var="FORM_TYPE" type="hidden"><value>open</value></field>' +
        '<field var="door" type="list-single"><required/></field></x>',
    )
  })

  for (const action of ["action='complete'", "action='execute'", '', "status='executing' action='complete'"]) {
    it(`runs at ${action || 'no action'} in the session`, async () => {
      const { ask, opened, told } = setUp()
      const sessionId = await begin(ask)
      const done = await ask(request(`node='open' sessionid='${sessionId}' ${action}`, submission('front')))
      assert.deepEqual(
        { ...answered(done), command: undefined },
        { status: 'completed', sessionId, notes: ['info front is open'], command: undefined },
      )
      assert.deepEqual(opened, ['front'])
      assert.deepEqual(told, ['open ann@ex.com/phone {"door":"front"} done'])
    })
  }

  it('takes a form of type cancel for a submission', async () => {
    const { ask, opened } = setUp()
    const sessionId = await begin(ask)
    await ask(request(`node='open' sessionid='${sessionId}'`, submission('front', 'cancel')))
    assert.deepEqual(opened, ['front'])
  })

  it('goes on at another replica', async () => {
    const { replica, opened } = setUp()
    const [one, other] = [replica(), replica()]
    const sessionId = await begin(one)
    const done = await other(request(`node='open' sessionid='${sessionId}'`, submission('back')))
    assert.equal(answered(done).status, 'completed')
    assert.deepEqual(opened, ['back'])
  })

  it('ends at once where there is nothing to choose from', async () => {
    const { ask } = setUp()
    const { status, notes } = answered(await ask(request("node='nothing'")))
    assert.deepEqual([status, notes], ['completed', ['info There is nothing']])
  })

  it('can be canceled, whatever is in the form', async () => {
    const { ask, opened } = setUp()
    const sessionId = await begin(ask)
    const canceled = answered(
      await ask(request(`node='open' sessionid='${sessionId}' action='cancel'`, submission('x'))),
    )
    assert.deepEqual([canceled.status, canceled.sessionId], ['canceled', sessionId])
    assert.deepEqual(opened, [])
  })

  it('that cannot be done is completed, and a note says why', async () => {
    const { ask, told } = setUp()
    const sessionId = await begin(ask)
    const failed = answered(await ask(request(`node='open' sessionid='${sessionId}'`, submission('locked'))))
    assert.deepEqual([failed.status, failed.notes], ['completed', ['error The door is locked']])
    assert.deepEqual(told, ['open ann@ex.com/phone {"door":"locked"} The door is locked'])
  })

  it('answers a bug with internal-server-error, and reports it', async () => {
    const { ask, faults } = setUp()
    const sessionId = await begin(ask)
    const broken = await ask(request(`node='open' sessionid='${sessionId}'`, submission('broken')))
    assert.equal(refusal(broken), 'internal-server-error cancel')
    assert.equal(faults.length, 1)
  })

  for (const [fact, attributes, payload, error] of [
    ['a next stage', "action='next'", submission('front'), 'bad-request modify bad-action'],
    ['an earlier stage', "action='prev'", '', 'bad-request modify bad-action'],
    ['an action that does not exist', "action='undo'", '', 'bad-request modify malformed-action'],
    ['no form', "action='complete'", '', 'bad-request modify bad-payload'],
    ['a form that is no submission', '', submission('front', 'form'), 'bad-request modify bad-payload'],
    ['a field without a value', '', submission(''), 'bad-request modify bad-payload'],
    ['a field with two values', '', submission('front</value><value>back'), 'bad-request modify bad-payload'],
  ] as const) {
    it(`refuses ${fact}`, async () => {
      const { ask, opened } = setUp()
      const sessionId = await begin(ask)
      assert.equal(refusal(await ask(request(`node='open' sessionid='${sessionId}' ${attributes}`, payload))), error)
      assert.deepEqual(opened, [])
    })
  }
})

describe('A session', () => {
  const complete = (sessionId: string, node = 'open') =>
    request(`node='${node}' sessionid='${sessionId}' action='complete'`, submission('front'))

  it('belongs to one resource, one command and one fleet', async () => {
    const { ask, replica, opened } = setUp()
    const sessionId = await begin(ask)
    const bad = 'bad-request modify bad-sessionid'
    assert.equal(refusal(await ask(complete(sessionId), 'ann@ex.com/tablet')), bad)
    assert.equal(refusal(await ask(complete(sessionId, 'nothing'))), bad)
    assert.equal(refusal(await replica('another secret')(complete(sessionId))), bad)
    for (const forged of ['x', `x${sessionId}`, sessionId.slice(0, -2), sessionId.replace(/\..*/, '.')]) {
      assert.equal(refusal(await ask(complete(forged))), bad, forged)
    }
    assert.deepEqual(opened, [])
  })

  it('is needed for every action but the first', async () => {
    const { ask } = setUp()
    for (const action of ['complete', 'next', 'prev', 'cancel']) {
      const answer = await ask(request(`node='open' action='${action}'`, submission('front')))
      assert.equal(refusal(answer), 'bad-request modify bad-sessionid', action)
    }
  })

  it('lasts ten minutes', async () => {
    const { ask, pass } = setUp()
    const sessionId = await begin(ask)
    pass(10 * 60_000)
    assert.equal(answered(await ask(complete(sessionId))).status, 'completed')
    pass(1)
    assert.equal(refusal(await ask(complete(sessionId))), 'not-allowed cancel session-expired')
  })
})

describe('Commands', () => {
  const query = (namespace: string, node: string) => `<query xmlns='${namespace}' node='${node}'/>`

  it('are found by administrators', async () => {
    const { ask } = setUp()
    const items = await ask(query(ns.discoItems, ns.commands), admin, 'get')
    assert.equal(
      String(items.getChild('query')),
      `<query xmlns="${ns.discoItems}" node="${ns.commands}">` +
        '<item jid="p.ex.com" node="open" name="Open a door"/><item jid="p.ex.com" node="time" name="Tell the time"/>' +
        '<item jid="p.ex.com" node="nothing" name="Choose from nothing"/></query>',
    )
    const list = await ask(query(ns.discoInfo, ns.commands), admin, 'get')
    assert.match(String(list), /<identity category="automation" type="command-list" name="Commands"\/>/)
    const node = await ask(query(ns.discoInfo, 'open'), admin, 'get')
    assert.equal(
      String(node.getChild('query')),
      `<query xmlns="${ns.discoInfo}" node="open"><identity category="automation" type="command-node" name="Open a door"/>` +
        `<feature var="${ns.commands}"/><feature var="jabber:x:data"/></query>`,
    )
    assert.equal(String((await ask(query(ns.discoItems, 'open'), admin, 'get')).getChild('query')?.children), '')
  })

  it('are advertised to everybody, and shown to nobody else', async () => {
    const { ask } = setUp()
    const stranger = 'bob@ex.com/phone'
    const info = await ask(`<query xmlns='${ns.discoInfo}'/>`, stranger, 'get')
    assert.ok(String(info).includes(`<feature var="${ns.commands}"/>`))
    const items = await ask(query(ns.discoItems, ns.commands), stranger, 'get')
    assert.equal(String(items.getChild('query')), `<query xmlns="${ns.discoItems}" node="${ns.commands}"/>`)
    for (const node of [ns.commands, 'open']) {
      assert.equal(refusal(await ask(query(ns.discoInfo, node), stranger, 'get')), 'forbidden cancel', node)
    }
  })

  it('are carried out for nobody else, at no stage', async () => {
    const { ask, opened, told } = setUp()
    const sessionId = await begin(ask)
    for (const payload of [
      request("node='time'"),
      request("node='unheard-of'"),
      request(`node='open' sessionid='${sessionId}'`, submission('front')),
    ]) {
      assert.equal(refusal(await ask(payload, 'bob@ex.com/phone')), 'forbidden cancel', payload)
    }
    assert.deepEqual([opened, told], [[], []])
  })

  it('are known by their nodes only', async () => {
    const { ask } = setUp()
    assert.equal(refusal(await ask(request("node='unheard-of'"))), 'item-not-found cancel')
    assert.equal(refusal(await ask(request(''))), 'item-not-found cancel')
    for (const namespace of [ns.discoInfo, ns.discoItems]) {
      assert.equal(refusal(await ask(query(namespace, 'unheard-of'), admin, 'get')), 'item-not-found cancel')
    }
    assert.equal(refusal(await ask(request("node='time'"), admin, 'get')), 'bad-request modify')
  })
})
