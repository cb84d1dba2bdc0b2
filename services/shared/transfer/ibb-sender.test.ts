import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { linkSessions } from '../../../test/support/linked-sessions.ts'
import { Failure } from '../bytestream/failure.ts'
import { StanzaError } from '../xmpp/stanza-error.ts'
import { ns, xml } from '../xmpp/xml.ts'
import { acceptInBand } from './ibb-receiver.ts'
import { sendInBand } from './ibb-sender.ts'

const sid = 's1'
const own = 'a@ex.com/R'
const peer = 'b@ex.org/T'

async function* blocks(count: number, size: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < count; i += 1) yield Buffer.alloc(size, i)
}

function closedEarly(error: unknown): boolean {
  return error instanceof Failure && error.code === 'unavailable' && /closed the in-band stream/.test(error.message)
}

describe('sendInBand()', () => {
  it('halves the block until the receiver takes it', async () => {
    const [sender, receiver] = linkSessions([own, peer])
    const accepted = acceptInBand(receiver, {
      sid,
      peer: own,
      maxBlockBytes: 1000,
      signal: new AbortController().signal,
    })
    let agreed = 0
    const chunks = (size: number) => {
      agreed = size
      return blocks(3, size)
    }
    const sent: number[] = []
    const sending = sendInBand(sender, chunks, (length) => sent.push(length), { sid, peer, blockBytes: 4096 })
    let received = 0
    for await (const block of (await accepted).chunks()) received += block.length
    await sending
    assert.deepEqual([agreed, sent, received], [512, [512, 512, 512], 1536])
  })

  it('throws what the receiver answers to the opening', async () => {
    const [sender] = linkSessions([own, peer])
    await assert.rejects(
      sendInBand(
        sender,
        () => blocks(1, 1),
        () => {},
        { sid, peer },
      ),
      (error) => error instanceof StanzaError && error.condition === 'service-unavailable',
    )
  })

  it('ends when the receiver closes early', async () => {
    const [sender, receiver] = linkSessions([own, peer])
    receiver.onIq({ type: 'set', name: 'open', namespace: ns.ibb }, () => undefined)
    receiver.onIq({ type: 'set', name: 'data', namespace: ns.ibb }, async () => {
      await receiver.request(xml('iq', { type: 'set', to: own }, xml('close', { xmlns: ns.ibb, sid })))
      return undefined
    })
    await assert.rejects(
      sendInBand(
        sender,
        () => blocks(100, 8),
        () => {},
        { sid, peer },
      ),
      closedEarly,
    )
  })

  it('takes a receiver that knows the stream no more for one that has closed it', async () => {
    const [sender, receiver] = linkSessions([own, peer])
    receiver.onIq({ type: 'set', name: 'open', namespace: ns.ibb }, () => undefined)
    receiver.onIq({ type: 'set', name: 'data', namespace: ns.ibb }, () => {
      throw new StanzaError({ condition: 'item-not-found' })
    })
    await assert.rejects(
      sendInBand(
        sender,
        () => blocks(2, 8),
        () => {},
        { sid, peer },
      ),
      closedEarly,
    )
  })

  it('closes after an error', async () => {
    const [sender, receiver] = linkSessions([own, peer])
    receiver.onIq({ type: 'set', name: 'open', namespace: ns.ibb }, () => undefined)
    receiver.onIq({ type: 'set', name: 'data', namespace: ns.ibb }, () => {
      throw new StanzaError({ condition: 'unexpected-request' })
    })
    const closed = new Promise<void>((resolve) => {
      receiver.onIq({ type: 'set', name: 'close', namespace: ns.ibb }, () => {
        resolve()
        return undefined
      })
    })
    await assert.rejects(
      sendInBand(
        sender,
        () => blocks(2, 8),
        () => {},
        { sid, peer },
      ),
      /unexpected-request/,
    )
    await closed
  })
})
