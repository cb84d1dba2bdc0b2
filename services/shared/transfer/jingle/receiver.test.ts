import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { atEnd } from '../../../../test/support/at-end.ts'
import { linkSessions } from '../../../../test/support/linked-sessions.ts'
import { StanzaError } from '../../xmpp/stanza-error.ts'
import { type Element, ns, xml } from '../../xmpp/xml.ts'
import { type DescribedFile, formatDescription } from './file-description.ts'
import { formatInBandTransport } from './in-band-transport.ts'
import { type Content, formatContent, formatJingle, parseJingle, type Reason } from './jingle.ts'
import { createJingleReceiver, type JingleReceiverOptions } from './receiver.ts'

const [own, peer, stranger] = ['bob@ex.org/T', 'alice@ex.com/R', 'eve@ex.net/X']
const described: DescribedFile = { name: 'a.txt', size: 3, sumFollows: true }
const inBand = formatInBandTransport({ sid: 'b1', blockBytes: 4096 })

/** A receiver that thinks about every offer without end, and one who speaks to it by hand. */
function setUp(t: TestContext, options: JingleReceiverOptions = {}) {
  const ended = Promise.withResolvers<Reason | undefined>()
  const [bob, alice, eve] = linkSessions([own, peer, stranger])
  const receiver = createJingleReceiver(
    {
      decide: () => new Promise(() => {}),
      open: () => assert.fail('nothing was accepted'),
      watch: () => () => {},
      onTransfer: () => assert.fail('nothing was accepted'),
    },
    { proxies: [], ...options },
  )
  receiver.attend(bob)
  atEnd(t, () => receiver.stop())
  alice.onIq({ name: 'jingle', namespace: ns.jingle }, (element) => {
    const jingle = parseJingle(element)
    if (jingle.action === 'session-terminate') ended.resolve(jingle.reason)
    return undefined
  })
  const say = (jingle: Element, from = alice) => from.request(xml('iq', { type: 'set', to: own }, jingle))
  return { say, eve, ended: ended.promise, stop: receiver.stop }
}

function initiate(change: Partial<Content> = {}, { sid = 'j1', more = false } = {}): Element {
  const description = formatDescription(described)
  const content = {
    creator: 'initiator',
    name: 'f',
    senders: 'initiator',
    description,
    transport: inBand,
    ...change,
  } as const
  const other = more ? formatContent({ ...content, name: 'g' }) : undefined
  return formatJingle({ action: 'session-initiate', sid }, formatContent(content), other)
}

const answers = (condition: string, app?: string) => (error: unknown) =>
  error instanceof StanzaError && error.condition === condition && error.app?.getName() === app

describe('createJingleReceiver()', () => {
  for (const [what, offer, condition, app] of [
    ['several files', initiate({}, { more: true }), 'incompatible-parameters'],
    [
      'a call',
      initiate({ description: xml('description', { xmlns: 'urn:xmpp:jingle:apps:rtp:1' }) }),
      'unsupported-applications',
    ],
    ['a file of ours', initiate({ senders: 'responder' }), 'failed-application', 'file-not-available'],
    ['a file without a size', initiate({ description: formatDescription({ name: 'a' }) }), 'incompatible-parameters'],
    [
      'another transport',
      initiate({ transport: xml('transport', { xmlns: 'urn:xmpp:jingle:transports:ice-udp:1' }) }),
      'unsupported-transports',
    ],
  ] as const) {
    it(`acknowledges a session about ${what}, and ends it as ${condition}`, async (t) => {
      const { say, ended } = setUp(t)
      await say(offer)
      const reason = await ended
      assert.deepEqual([reason?.condition, reason?.app?.getName()], [condition, app])
    })
  }

  it('answers bad-request to what is no offer', async (t) => {
    const { say } = setUp(t)
    await assert.rejects(say(formatJingle({ action: 'session-initiate', sid: 'j1' })), answers('bad-request'))
    await assert.rejects(say(initiate({ creator: 'responder' })), answers('bad-request'))
    await assert.rejects(say(initiate({ senders: 'both' })), answers('bad-request'))
  })

  it('answers out-of-order to a repeated offer, and knows sessions of their initiator only', async (t) => {
    const { say, eve } = setUp(t)
    await say(initiate())
    await assert.rejects(say(initiate()), answers('unexpected-request', 'out-of-order'))
    const end = formatJingle({ action: 'session-terminate', sid: 'j1' })
    await assert.rejects(say(end, eve), answers('item-not-found', 'unknown-session'))
  })

  it('has so many sessions with one account and no more', async (t) => {
    const { say, eve } = setUp(t, { maxSessions: 2 })
    await say(initiate({}, { sid: 'j1' }))
    await say(initiate({}, { sid: 'j2' }))
    await assert.rejects(say(initiate({}, { sid: 'j3' })), answers('resource-constraint'))
    await say(initiate({}, { sid: 'j3' }), eve)
  })

  it('ends what it thinks about when it stops', async (t) => {
    const { say, ended, stop } = setUp(t)
    await say(initiate())
    await stop()
    assert.equal((await ended)?.condition, 'gone')
  })
})
