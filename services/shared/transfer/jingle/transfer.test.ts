import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { describe, it, type TestContext } from 'node:test'
import { linkSessions } from '../../../../test/support/linked-sessions.ts'
import { testFile } from '../../../../test/support/transfer-ends.ts'
import type { Element } from '../../xmpp/xml.ts'
import type { TransferEvent } from '../events.ts'
import type { ReceivedFile } from '../incoming.ts'
import { identityOf, type OfferReceiverParts } from '../offer-receiver.ts'
import { openPartialFile } from '../partial-file.ts'
import { openSourceFile } from '../source-file.ts'
import { createJingleReceiver, type JingleReceiverOptions } from './receiver.ts'
import { type SendByJingleOptions, sendByJingle } from './sender.ts'

type Kept = { readonly path: string; readonly sha256: string }

const [from, to] = ['alice@ex.com/R', 'bob@ex.org/T']
/** Neither proxies nor addresses of our own: only in-band is left. */
const nowhere = { proxies: [], direct: false } as const

interface Setting {
  size?: number
  receiver?: Partial<JingleReceiverOptions>
  parts?: Partial<OfferReceiverParts<Kept>>
  tap?: (stanza: Element) => boolean
}

/** Alice can send to Bob; `send` does it once, `outcomes` is what Bob made of it. */
async function setUp(t: TestContext, { size = 300_000, receiver, parts, tap }: Setting = {}) {
  const sessions = linkSessions([from, to, 'eve@ex.net/X'], tap)
  const [alice, bob] = sessions
  const file = await testFile(t, size)
  const outcomes: Promise<ReceivedFile>[] = []
  const heard: TransferEvent[] = []
  const jingle = createJingleReceiver<Kept>(
    {
      decide: () => true,
      open: ({ peer, file: offered }, { resume }) => openPartialFile(file.into, identityOf(peer, offered), { resume }),
      watch: () => (event) => heard.push(event),
      onTransfer(_peer, done) {
        done.catch(() => {})
        outcomes.push(done)
      },
      ...parts,
    },
    { ...nowhere, ...receiver },
  )
  jingle.attend(bob)
  t.after(jingle.stop)
  const events: TransferEvent[] = []
  const send = async (sending: Partial<SendByJingleOptions> = {}, methods: ('s5b' | 'ibb')[] = ['s5b', 'ibb']) => {
    const source = await openSourceFile(file.path)
    try {
      return await sendByJingle(
        { session: alice, file: source, tell: (event) => events.push(event) },
        { to, ...nowhere, ...sending },
        methods,
      )
    } finally {
      await source.close()
    }
  }
  return { ...file, sessions, send, outcomes, events, heard, stop: jingle.stop }
}

describe('sendByJingle() to createJingleReceiver()', () => {
  const ways = {
    'an address of the sender': [{ direct: ['127.0.0.1'] }, {}, 's5b'],
    'an address of the receiver': [{}, { direct: ['127.0.0.1'] }, 's5b'],
    'addresses of both': [{ direct: ['127.0.0.1'] }, { direct: ['127.0.0.1'] }, 's5b'],
    'in-band, when neither has an address': [{}, {}, 'ibb'],
  } as const
  for (const [title, [sending, receiver, method]] of Object.entries(ways)) {
    for (const size of [0, 1, 300_000]) {
      it(`carries ${size} bytes by ${title}`, async (t) => {
        const { send, outcomes, content, sha256, into } = await setUp(t, { size, receiver })
        const sent = await send(sending)
        const received = await outcomes[0]
        assert.equal(sent.sha256, sha256)
        assert.equal(received?.sha256, sha256)
        assert.deepEqual([sent.method, received.method], [method, method])
        assert.deepEqual(await readFile(received.path), content)
        assert.deepEqual(await readdir(into), ['Käse & Brot.bin'])
      })
    }
  }
  it('carries a file in band when only that is wanted', async (t) => {
    const { send, outcomes, sha256, events } = await setUp(t)
    await send({}, ['ibb'])
    assert.equal((await outcomes[0])?.sha256, sha256)
    assert.ok(!events.some(({ event }) => event === 'fallback'))
  })
})
