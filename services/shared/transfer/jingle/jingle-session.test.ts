import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { linkSessions } from '../../../../test/support/linked-sessions.ts'
import { Failure } from '../../bytestream/failure.ts'
import type { Session } from '../../xmpp/session.ts'
import { StanzaError, type StanzaErrorCondition } from '../../xmpp/stanza-error.ts'
import { type Element, ns, xml } from '../../xmpp/xml.ts'
import { JingleFailure } from './ending.ts'
import { type Action, formatContent, formatJingle, formatReason, type ReasonCondition, type Role } from './jingle.ts'
import { JingleSession, refuseUnknownSessions } from './jingle-session.ts'

const [own, peer, stranger] = ['a@ex.com/R', 'b@ex.org/T', 'eve@ex.net/X']
const sid = 'j1'
const content = formatContent({ creator: 'initiator', name: 'file' })

/** Our side of a session, and what speaks for others by hand. */
function setUp(role: Role = 'initiator') {
  const heard: Element[] = []
  const sessions = linkSessions([own, peer, stranger], (stanza) => {
    if (stanza.attrs.from === own) heard.push(stanza)
    return true
  })
  const [session, other, eve] = sessions
  refuseUnknownSessions(session)
  other.onIq({ name: 'jingle', namespace: ns.jingle }, () => undefined)
  const jingle = new JingleSession({ session }, { sid, peer, role, content: 'file' })
  const say = (action: Action, ...children: Element[]) => ask(other, formatJingle({ action, sid }, ...children))
  return { jingle, other, eve, say, heard }
}

const ask = (from: Session, jingle: Element) => from.request(xml('iq', { type: 'set', to: own }, jingle))
const answers = (condition: string, app?: string) => (error: unknown) =>
  error instanceof StanzaError && error.condition === condition && error.app?.getName() === app
const refuse = (by: Session, condition: StanzaErrorCondition) =>
  by.onIq({ name: 'jingle', namespace: ns.jingle }, () => {
    throw new StanzaError({ condition })
  })
const reason = (condition: ReasonCondition, text?: string) => formatReason({ condition, ...(text && { text }) })

describe('JingleSession', () => {
  it('is unknown to strangers, and to its peer under another sid', async () => {
    const { eve, other } = setUp()
    const end = (sid: string) => formatJingle({ action: 'session-terminate', sid }, reason('success'))
    await assert.rejects(ask(eve, end(sid)), answers('item-not-found', 'unknown-session'))
    await assert.rejects(ask(other, end('j2')), answers('item-not-found', 'unknown-session'))
  })

  it('is unknown once it has ended, by either side', async () => {
    for (const by of ['us', 'peer']) {
      const { jingle, say } = setUp()
      if (by === 'us') await jingle.terminate({ condition: 'cancel' })
      else await say('session-terminate', reason('gone'))
      await assert.rejects(say('session-info'), answers('item-not-found', 'unknown-session'))
    }
  })

  it('refuses what nobody waits for as out of order', async () => {
    await assert.rejects(setUp().say('session-accept', content), answers('unexpected-request', 'out-of-order'))
  })

  it('refuses a repeated acceptance', async () => {
    const { jingle, say } = setUp()
    const accepted = jingle.next(['session-accept'], new AbortController().signal)
    await say('session-accept', content)
    assert.equal((await accepted).contents.length, 1)
    await assert.rejects(say('session-accept', content), answers('unexpected-request', 'out-of-order'))
  })

  it('refuses other contents, unknown actions and no action', async () => {
    const { say, other } = setUp()
    const foreign = formatContent({ creator: 'responder', name: 'file' })
    await assert.rejects(say('session-accept', foreign), answers('bad-request'))
    for (const action of ['session-dance', undefined]) {
      await assert.rejects(ask(other, xml('jingle', { xmlns: ns.jingle, sid, action })), answers('bad-request'))
    }
  })

  it('answers an empty session-info, and no other that it does not know', async () => {
    const { say } = setUp()
    await say('session-info')
    const ringing = xml('ringing', { xmlns: 'urn:xmpp:jingle:apps:rtp:info:1' })
    await assert.rejects(say('session-info', ringing), answers('feature-not-implemented', 'unsupported-info'))
  })

  it('stays as it was when a handler refuses', async () => {
    const { jingle, say } = setUp()
    const remove = jingle.on('session-accept', () => {
      throw new StanzaError({ condition: 'bad-request' })
    })
    await assert.rejects(say('session-accept', content), answers('bad-request'))
    remove()
    jingle.on('session-accept', () => {})
    await say('session-accept', content)
  })

  it('lets the initiator win a tie', async () => {
    const { jingle, say } = setUp('initiator')
    jingle.on('session-accept', () => {})
    jingle.on('transport-replace', () => assert.fail('ours counts'))
    await say('session-accept', content)
    await jingle.send('transport-replace', {})
    await assert.rejects(say('transport-replace', content), answers('conflict', 'tie-break'))
  })

  it('ends when its only content is removed, and says so', async () => {
    const { jingle, say, heard } = setUp('responder')
    const ended = new Promise((resolve) => jingle.signal.addEventListener('abort', resolve))
    await say('content-remove', content)
    await ended
    assert.match(String(jingle.signal.reason), /broke the transfer off/)
    while (heard.length < 2) await new Promise(setImmediate)
    const [acknowledgement, farewell] = heard
    assert.equal(acknowledgement?.attrs.type, 'result')
    assert.ok(farewell?.getChild('jingle')?.getChild('reason')?.getChild('cancel'))
  })

  it('tells a decline as SI does, and everything else by a failure of its own', async () => {
    for (const [condition, isMeant] of [
      ['decline', answers('forbidden')],
      ['cancel', answers('forbidden')],
      ['unsupported-transports', answers('feature-not-implemented')],
      ['busy', (error: unknown) => error instanceof Failure && error.code === 'unavailable'],
      ['security-error', (error: unknown) => error instanceof Failure && error.code === 'forbidden'],
      ['success', (error: unknown) => error instanceof Failure && error.code === 'unavailable'],
    ] as const) {
      const { jingle, say } = setUp()
      await say('session-terminate', reason(condition, 'because'))
      assert.ok(isMeant(jingle.signal.reason), `${condition}: ${jingle.signal.reason}`)
    }
  })

  it('breaks nothing by a success that is waited for', async () => {
    const { jingle, say } = setUp()
    const success = jingle.success()
    await say('session-terminate', reason('success'))
    await success
    assert.equal(jingle.signal.aborted, false)
  })

  it('ends when its peer has it no more, or is gone', async () => {
    for (const condition of ['item-not-found', 'service-unavailable'] as const) {
      const { jingle, other } = setUp()
      const removeHandler = refuse(other, condition)
      const ended = new Promise((resolve) => jingle.signal.addEventListener('abort', resolve))
      using _watch = jingle.watchPeer(1)
      await ended
      removeHandler()
      assert.ok(jingle.signal.reason instanceof JingleFailure && jingle.signal.reason.condition === 'gone')
    }
  })

  it('goes on while its peer answers, or answers something else', async () => {
    for (const condition of [undefined, 'feature-not-implemented'] as const) {
      const { jingle, other, heard } = setUp()
      const removeHandler = condition && refuse(other, condition)
      using watch = jingle.watchPeer(1)
      while (heard.length < 3) await new Promise(setImmediate)
      watch[Symbol.dispose]()
      removeHandler?.()
      assert.equal(jingle.signal.aborted, false)
    }
  })

  it('says who accepts it, and says nothing after its end', async () => {
    const { jingle, heard } = setUp('responder')
    await jingle.send('session-accept', {})
    assert.equal(heard[0]?.getChild('jingle')?.attrs.responder, own)
    await jingle.terminate({ condition: 'success' })
    await jingle.terminate({ condition: 'cancel' })
    assert.equal(heard.length, 2)
    await assert.rejects(jingle.send('session-info', {}), /was ended/)
  })
})
