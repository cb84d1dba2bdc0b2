import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { atEnd } from '../../../test/support/at-end.ts'
import { linkSessions } from '../../../test/support/linked-sessions.ts'
import type { Session } from '../xmpp/session.ts'
import { StanzaError } from '../xmpp/stanza-error.ts'
import { ns, xml } from '../xmpp/xml.ts'
import { acceptInBand, refuseUnknownInBand } from './ibb-receiver.ts'

const sid = 's1'
const peer = 'a@ex.com/R'
const own = 'b@ex.org/T'

/** A sender and a receiver that waits for its stream; `read` collects what comes. */
function link(t: TestContext, maxBlockBytes?: number) {
  const [sender, receiver] = linkSessions([peer, own])
  const controller = new AbortController()
  refuseUnknownInBand(receiver)
  refuseUnknownInBand(sender)
  const accepted = acceptInBand(receiver, {
    sid,
    peer,
    signal: controller.signal,
    ...(maxBlockBytes && { maxBlockBytes }),
  })
  accepted.catch(() => {})
  atEnd(t, () => controller.abort(new Error('the test is over')))
  const read = async () => {
    const blocks: Buffer[] = []
    for await (const block of (await accepted).chunks()) blocks.push(block)
    return Buffer.concat(blocks).toString()
  }
  return { sender, accepted, read, abort: (reason: Error) => controller.abort(reason) }
}

const ask = (session: Session, name: string, attributes: Record<string, string | number>, text = '') =>
  session.request(xml('iq', { type: 'set', to: own }, xml(name, { xmlns: ns.ibb, sid, ...attributes }, text)))
const open = (session: Session, size: number | string = 8) => ask(session, 'open', { 'block-size': size })
const data = (session: Session, seq: number | string, text: string) =>
  ask(session, 'data', { seq }, Buffer.from(text).toString('base64'))
const answers = (condition: string, type: string) => (error: unknown) =>
  error instanceof StanzaError && error.condition === condition && error.type === type

describe('acceptInBand()', () => {
  it('reads the blocks in order to the close', async (t) => {
    const { sender, read } = link(t)
    await open(sender)
    const text = read()
    await data(sender, 0, 'hello ')
    await data(sender, 1, 'world')
    await ask(sender, 'close', {})
    assert.equal(await text, 'hello world')
  })

  it('answers a block only when it has been read', async (t) => {
    const { sender, accepted } = link(t)
    await open(sender)
    let answered = false
    const answer = data(sender, 0, 'hello').then(() => {
      answered = true
    })
    const chunks = (await accepted).chunks()
    await chunks.next()
    assert.equal(answered, false)
    const next = chunks.next()
    await answer
    await ask(sender, 'close', {})
    assert.equal((await next).done, true)
  })

  it('takes message stanzas too', async (t) => {
    const { sender, read } = link(t)
    await open(sender)
    const text = read()
    for (const [seq, part] of ['one', 'two'].entries()) {
      const block = xml('data', { xmlns: ns.ibb, sid, seq }, Buffer.from(part).toString('base64'))
      await sender.send(xml('message', { to: own }, block))
    }
    await ask(sender, 'close', {})
    assert.equal(await text, 'onetwo')
  })

  it('counts on from 0 after block 65535', async (t) => {
    const { sender, read } = link(t)
    await open(sender)
    const text = read()
    for (let seq = 0; seq < 65_536; seq += 1) await ask(sender, 'data', { seq })
    await data(sender, 0, 'wrapped')
    await ask(sender, 'close', {})
    assert.equal(await text, 'wrapped')
  })

  for (const size of ['0', '65536', '-1', 'x', '']) {
    it(`refuses block-size ${JSON.stringify(size)} as bad-request`, async (t) => {
      await assert.rejects(open(link(t).sender, size), answers('bad-request', 'cancel'))
    })
  }

  it('asks for smaller blocks by resource-constraint', async (t) => {
    const { sender } = link(t, 1024)
    await assert.rejects(open(sender, 4096), answers('resource-constraint', 'modify'))
    await open(sender, 1024)
  })

  it('refuses to open twice', async (t) => {
    const { sender } = link(t)
    await open(sender)
    await assert.rejects(open(sender), answers('not-acceptable', 'cancel'))
  })

  for (const [what, block, condition] of [
    ['a block that came already', { seq: 0, text: 'AAAA' }, 'unexpected-request'],
    ['a gap', { seq: 2, text: 'AAAA' }, 'unexpected-request'],
    ['a seq that is no number', { seq: 'x', text: 'AAAA' }, 'bad-request'],
    ['a seq of 65536', { seq: 65_536, text: 'AAAA' }, 'bad-request'],
    ['illegal characters', { seq: 1, text: 'AA*A' }, 'bad-request'],
    ['misplaced padding', { seq: 1, text: 'A=AA' }, 'bad-request'],
    ['a block larger than agreed', { seq: 1, text: 'AAAAAAAAAAAA' }, 'bad-request'],
  ] as const) {
    it(`ends at ${what} with ${condition}`, async (t) => {
      const { sender, read } = link(t)
      await open(sender)
      const text = read()
      text.catch(() => {})
      await data(sender, 0, 'first')
      await assert.rejects(ask(sender, 'data', { seq: block.seq }, block.text), answers(condition, 'cancel'))
      await assert.rejects(text, /in-band stream broke/)
      await assert.rejects(data(sender, 1, 'late'), answers('item-not-found', 'cancel'))
    })
  }

  it('leaves other senders to item-not-found', async () => {
    const [receiver, sender, stranger] = linkSessions([own, peer, 'x@ex.net/X'])
    refuseUnknownInBand(receiver)
    const controller = new AbortController()
    const accepted = acceptInBand(receiver, { sid, peer, signal: controller.signal })
    await open(sender)
    await assert.rejects(data(stranger, 0, 'x'), answers('item-not-found', 'cancel'))
    await assert.rejects(open(stranger), answers('not-acceptable', 'cancel'))
    const reading = (await accepted).chunks().next()
    controller.abort(new Error('the test is over'))
    await assert.rejects(reading)
  })

  it('ends when its signal aborts', async (t) => {
    const { sender, read, abort } = link(t)
    await open(sender)
    const text = read()
    abort(new Error('enough'))
    await assert.rejects(text, /enough/)
  })
})
