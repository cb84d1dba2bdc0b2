import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { atEnd } from '../../../test/support/at-end.ts'
import { ParcelShelf, storedParcel } from '../../../test/support/parcel-shelf.ts'
import { parseStanza } from '../../../test/support/parse-stanza.ts'
import type { Element } from '../../shared/xmpp/xml.ts'
import { hearReplies } from './replies.ts'

function setUp(t: TestContext) {
  const records = new ParcelShelf()
  const linked = storedParcel({ linkedAt: new Date() })
  records.put(linked)
  const story: string[] = []
  let hear = (_message: Element) => {}
  const stop = hearReplies({
    switchboard: {
      onMessage(listener) {
        hear = listener
        return () => {}
      },
    },
    records,
    onReturned: (recipient) => story.push(`again ${recipient}`),
    events: {
      linkReturned: ({ id }, error) => story.push(`returned ${id}: ${error instanceof Error && error.message}`),
      linkReceived: ({ id }) => story.push(`received ${id}`),
      noticeReturned: () => story.push('notice returned'),
      lookFailed: (error) => story.push(String(error)),
    },
  })
  atEnd(t, stop)
  const say = async (text: string) => {
    hear(parseStanza(text))
    await turn()
  }
  return { records, linked, story, say }
}

const error = "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"

describe('hearReplies()', () => {
  it('takes a link that came back for one that was not sent', async (t) => {
    const { linked, story, say, records } = setUp(t)
    await say(`<message type='error' from='bob@example.com' id='link-${linked.id}'>${error}</message>`)
    assert.deepEqual(story, [`returned ${linked.id}: service-unavailable`, 'again bob@example.com'])
    assert.deepEqual(records.story, [`unlinked ${linked.id}`])
  })

  it('does not send a link again whose parcel has ended', async (t) => {
    const { linked, story, say, records } = setUp(t)
    await records.end(linked.id, 'expired')
    await say(`<message type='error' from='bob@example.com' id='link-${linked.id}'>${error}</message>`)
    assert.deepEqual(story, [`returned ${linked.id}: service-unavailable`])
  })

  it('believes nobody but the recipient and his server', async (t) => {
    const { linked, story, say, records } = setUp(t)
    await say(`<message type='error' from='mallory@example.com' id='link-${linked.id}'>${error}</message>`)
    await say(
      `<message from='mallory@example.com/x'><received xmlns='urn:xmpp:receipts' id='link-${linked.id}'/></message>`,
    )
    assert.deepEqual(story, ['notice returned'])
    assert.deepEqual(records.story, [])
  })

  it('tells when the recipient’s client has the link', async (t) => {
    const { linked, story, say } = setUp(t)
    await say(
      `<message from='bob@example.com/phone'><received xmlns='urn:xmpp:receipts' id='link-${linked.id}'/></message>`,
    )
    assert.deepEqual(story, [`received ${linked.id}`])
  })

  it('counts other messages that came back, and passes over what is no reply', async (t) => {
    const { story, say } = setUp(t)
    await say(`<message type='error' from='alice@example.com' id='NOTICE'>${error}</message>`)
    await say("<message from='bob@example.com/phone'><body>hello</body></message>")
    await say("<message from='bob@example.com/phone'><received xmlns='urn:xmpp:receipts' id='other'/></message>")
    await say(`<message type='error' from='' id='link-x'>${error}</message>`)
    assert.deepEqual(story, ['notice returned', 'notice returned'])
  })
})
