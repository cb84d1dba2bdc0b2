import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { atEnd } from '../../../../test/support/at-end.ts'
import { linkSessions } from '../../../../test/support/linked-sessions.ts'
import { startMemoryProxy } from '../../../../test/support/memory-proxy.ts'
import { testFile } from '../../../../test/support/transfer-ends.ts'
import { Failure } from '../../bytestream/failure.ts'
import { StanzaError } from '../../xmpp/stanza-error.ts'
import { type Element, ns } from '../../xmpp/xml.ts'
import type { TransferEvent } from '../events.ts'
import type { ReceivedFile } from '../incoming.ts'
import { identityOf, type OfferReceiverParts } from '../offer-receiver.ts'
import { openPartialFile } from '../partial-file.ts'
import { openSourceFile } from '../source-file.ts'
import { refuseUnknownSessions } from './jingle-session.ts'
import { createJingleReceiver, type JingleReceiverOptions } from './receiver.ts'
import { type SendByJingleOptions, sendByJingle } from './sender.ts'

type Kept = { readonly path: string; readonly sha256: string }

const [from, to, eve] = ['alice@ex.com/R', 'bob@ex.org/T', 'eve@ex.net/X']
const proxies = ['proxy.ex.com', 'proxy.ex.org'] as const
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
  const sessions = linkSessions([from, to, eve, ...proxies], tap)
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
  atEnd(t, jingle.stop)
  const events: TransferEvent[] = []
  const send = async (
    sending: Partial<SendByJingleOptions> = {},
    methods: ('s5b' | 'ibb')[] = ['s5b', 'ibb'],
    knownSha256?: string,
  ) => {
    const source = await openSourceFile(file.path)
    try {
      return await sendByJingle(
        {
          session: alice,
          file: { ...source, ...(knownSha256 && { knownSha256 }) },
          tell: (event) => events.push(event),
        },
        { to, ...nowhere, ...sending },
        methods,
      )
    } finally {
      await source.close()
    }
  }
  return { ...file, sessions, send, outcomes, events, heard, stop: jingle.stop }
}

/** A sink that takes everything, keeps nothing, and finishes like this. */
function sinkThat(finish: () => Promise<Kept>): Pick<OfferReceiverParts<Kept>, 'open'> {
  const nothing = async () => {}
  return { open: async () => ({ offset: 0, bytes: 0, write: nothing, finish, keep: nothing, discard: nothing }) }
}

function actionOf(stanza: Element): string | undefined {
  return stanza.getChild('jingle', ns.jingle)?.attrs.action
}

async function untilBytes(folder: string): Promise<void> {
  for (;;) {
    const [name] = await readdir(folder)
    if (name && (await stat(join(folder, name))).size > 0) return
  }
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

  it('joins a proxy of the sender, which the sender activates', async (t) => {
    const { send, outcomes, sha256, sessions } = await setUp(t)
    const proxy = await startMemoryProxy(t, sessions[3])
    const sent = await send({ proxies: ['proxy.ex.com'] })
    const received = await outcomes[0]
    assert.equal(received?.sha256, sha256)
    assert.deepEqual([sent.streamhost?.jid, received.streamhost?.jid], ['proxy.ex.com', 'proxy.ex.com'])
    assert.deepEqual(proxy.activations, [from])
  })

  it('joins a proxy of the receiver, which the receiver activates', async (t) => {
    const { send, outcomes, sha256, sessions } = await setUp(t, { receiver: { proxies: ['proxy.ex.org'] } })
    const proxy = await startMemoryProxy(t, sessions[4])
    const sent = await send()
    const received = await outcomes[0]
    assert.equal(received?.sha256, sha256)
    assert.deepEqual([sent.streamhost?.jid, received.streamhost?.jid], ['proxy.ex.org', 'proxy.ex.org'])
    assert.deepEqual(proxy.activations, [to])
  })

  it('agrees on one proxy of two', async (t) => {
    const { send, outcomes, sha256, sessions } = await setUp(t, { receiver: { proxies: ['proxy.ex.org'] } })
    const [theirs, ours] = [await startMemoryProxy(t, sessions[4]), await startMemoryProxy(t, sessions[3])]
    const sent = await send({ proxies: ['proxy.ex.com'] })
    const received = await outcomes[0]
    assert.equal(received?.sha256, sha256)
    assert.equal(sent.streamhost?.jid, received.streamhost?.jid)
    assert.equal(theirs.activations.length + ours.activations.length, 1)
  })

  it('offers a shared proxy once', async (t) => {
    const transports: Element[] = []
    const { send, sessions } = await setUp(t, {
      receiver: { proxies: ['proxy.ex.com'] },
      tap(stanza) {
        const transport = stanza.getChild('jingle', ns.jingle)?.getChild('content')?.getChild('transport')
        if (transport && actionOf(stanza)?.startsWith('session-')) transports.push(transport)
        return true
      },
    })
    await startMemoryProxy(t, sessions[3])
    await send({ proxies: ['proxy.ex.com'] })
    assert.deepEqual(
      transports.map((transport) => transport.getChildren('candidate').length),
      [1, 0],
    )
    assert.deepEqual(
      transports.map(({ attrs }) => [attrs.sid === transports[0]?.attrs.sid, attrs.dstaddr !== undefined]),
      [
        [true, true],
        [true, false],
      ],
    )
  })

  for (const [whose, sending, receiver] of [
    ['sender', { proxies: ['proxy.ex.com'] }, {}],
    ['receiver', {}, { proxies: ['proxy.ex.com'] }],
  ] as const) {
    it(`falls back to in-band when the proxy of the ${whose} does not activate`, async (t) => {
      const said: string[] = []
      const { send, outcomes, sha256, sessions, events } = await setUp(t, {
        receiver,
        tap(stanza) {
          const transport = stanza.getChild('jingle')?.getChild('content')?.getChild('transport', ns.jingleSocks)
          const word = actionOf(stanza) === 'transport-info' && transport?.getChildElements()[0]?.getName()
          if (word && stanza.attrs.type === 'set') said.push(word)
          return true
        },
      })
      await startMemoryProxy(t, sessions[3], { activates: false })
      const sent = await send(sending)
      assert.equal(sent.method, 'ibb')
      assert.equal((await outcomes[0])?.sha256, sha256)
      assert.ok(said.includes('proxy-error'))
      assert.ok(events.some(({ event }) => event === 'fallback'))
    })
  }

  it('dials nothing that is not chosen', async (t) => {
    const asked: string[] = []
    const choose = async (offered: readonly { readonly host: string }[]) => {
      asked.push(...offered.map(({ host }) => host))
      return []
    }
    const { send, outcomes } = await setUp(t, { receiver: { choose, direct: ['127.0.0.1'] } })
    const sent = await send({ direct: ['127.0.0.1'], choose })
    assert.equal(sent.method, 'ibb')
    assert.equal((await outcomes[0])?.method, 'ibb')
    assert.deepEqual(asked, ['127.0.0.1', '127.0.0.1'])
  })

  it('does not fall back when only SOCKS5 is wanted, and both know', async (t) => {
    const { send, outcomes } = await setUp(t)
    await assert.rejects(send({}, ['s5b']), /Neither side can join/)
    await assert.rejects(outcomes[0] ?? Promise.resolve(), /there is no way|Neither side/)
  })

  it('goes on where an earlier attempt broke', async (t) => {
    let blocks = 0
    const { send, outcomes, sha256, into, heard } = await setUp(t, {
      tap: (stanza) => !stanza.getChild('data', ns.ibb) || ++blocks !== 30,
    })
    const controller = new AbortController()
    const first = send({ signal: controller.signal }, ['ibb'])
    first.catch(() => {})
    while (blocks < 30) await new Promise(setImmediate)
    controller.abort(new Error('the sender goes'))
    await assert.rejects(first, /the sender goes/)
    await assert.rejects(outcomes[0] ?? Promise.resolve(), /stream ended after|broke the transfer off/)
    const sent = await send({ direct: ['127.0.0.1'] })
    assert.equal(sent.transferredBytes, 300_000 - 29 * 4096)
    assert.deepEqual([sent.sha256, (await outcomes[1])?.sha256], [sha256, sha256])
    assert.ok(heard.some((event) => event.event === 'accepted' && event.offset === 29 * 4096))
    assert.deepEqual(await readdir(into), ['Käse & Brot.bin'])
  })

  it('takes the place of an earlier session that is stuck', async (t) => {
    const { send, outcomes, sha256 } = await setUp(t, { tap: (stanza) => !stanza.getChild('open', ns.ibb) })
    const controller = new AbortController()
    const first = send({ signal: controller.signal }, ['ibb'])
    first.catch(() => {})
    while (outcomes.length === 0) await new Promise(setImmediate)
    await send({ direct: ['127.0.0.1'] })
    await assert.rejects(outcomes[0] ?? Promise.resolve(), /new offer of the same file/)
    await assert.rejects(first, /another session|new offer/)
    assert.equal((await outcomes[1])?.sha256, sha256)
  })

  for (const when of ['before', 'after']) {
    it(`keeps nothing of a file whose sum, told ${when} its bytes, is another`, async (t) => {
      const { send, outcomes, into, sha256 } = await setUp(t, {
        tap(stanza) {
          const jingle = stanza.getChild('jingle', ns.jingle)
          const file = (jingle?.getChild('checksum') ?? jingle?.getChild('content')?.getChild('description'))?.getChild(
            'file',
          )
          file?.getChild('hash')?.children.splice(0, 1, Buffer.alloc(32).toString('base64'))
          return true
        },
      })
      const knownSha256 = when === 'before' ? sha256 : undefined
      await assert.rejects(
        send({ direct: ['127.0.0.1'] }, ['s5b', 'ibb'], knownSha256),
        (error) => error instanceof Failure && error.code === 'malformed' && /not 0{64}/.test(error.message),
      )
      await assert.rejects(outcomes[0] ?? Promise.resolve(), /not 0{64}/)
      assert.deepEqual(await readdir(into), [])
    })
  }

  it('does not wait for a sum that never comes', async (t) => {
    const { send, outcomes, sha256 } = await setUp(t, {
      receiver: { checksumTimeoutMs: 10, stream: { closeTimeoutMs: 10 } },
      tap: (stanza) => !stanza.getChild('jingle', ns.jingle)?.getChild('checksum'),
    })
    await send({ direct: ['127.0.0.1'] })
    assert.equal((await outcomes[0])?.sha256, sha256)
  })

  it('says success only when the sink has finished', async (t) => {
    const story: string[] = []
    const { send } = await setUp(t, {
      parts: sinkThat(async () => {
        story.push('finished')
        return { path: '', sha256: '' }
      }),
      tap(stanza) {
        if (actionOf(stanza) === 'session-terminate' && stanza.attrs.type === 'set') story.push('told')
        return true
      },
    })
    await send({ direct: ['127.0.0.1'] })
    assert.deepEqual(story, ['finished', 'told'])
  })

  it('does not wait for the word of a receiver that has gone', async (t) => {
    const finishing = Promise.withResolvers<never>()
    const { send, sessions } = await setUp(t, {
      parts: sinkThat(() => {
        refuseUnknownSessions(sessions[1])
        return finishing.promise
      }),
    })
    await assert.rejects(send({ direct: ['127.0.0.1'], pingIntervalMs: 5 }), /bob@ex.org\/T has left the session/)
    finishing.reject(new Error('ended'))
  })

  it('hears of a sink that cannot finish', async (t) => {
    const { send, outcomes } = await setUp(t, {
      parts: sinkThat(() => Promise.reject(new Failure('unavailable', 'The disk is gone'))),
    })
    await assert.rejects(send({ direct: ['127.0.0.1'] }), /The disk is gone/)
    await assert.rejects(outcomes[0] ?? Promise.resolve(), /The disk is gone/)
  })

  it('tells why it was declined, as SI does', async (t) => {
    const { send } = await setUp(t, { parts: { decide: () => 'not from you' } })
    await assert.rejects(
      send(),
      (error) =>
        error instanceof StanzaError &&
        error.condition === 'forbidden' &&
        error.type === 'cancel' &&
        /not from you/.test(error.message),
    )
  })

  it('declines what is too large, or cannot be opened', async (t) => {
    const large = await setUp(t, { receiver: { maxBytes: 1000 } })
    await assert.rejects(large.send(), (error) => error instanceof Failure && error.code === 'over-limit')
    const full = await setUp(t, {
      parts: { open: () => Promise.reject(new StanzaError({ condition: 'resource-constraint', text: 'no room' })) },
    })
    await assert.rejects(full.send(), /no room \(busy\)/)
  })

  it('withdraws an offer that is not answered in time', async (t) => {
    const { send, outcomes, stop } = await setUp(t, { parts: { decide: () => new Promise(() => {}) } })
    await assert.rejects(send({ answerTimeoutMs: 10 }), /did not answer the offer/)
    await stop()
    assert.deepEqual(outcomes, [])
  })

  it('aborts what is under way when it stops, and keeps it', async (t) => {
    const { send, outcomes, stop, into } = await setUp(t, {
      tap: (stanza) => !(stanza.getChild('data', ns.ibb)?.attrs.seq === '3'),
    })
    const sending = send({}, ['ibb'])
    sending.catch(() => {})
    while (outcomes.length === 0) await new Promise(setImmediate)
    await untilBytes(into)
    await stop()
    await assert.rejects(sending, /went away|stopped|closed the in-band/)
    assert.equal((await readdir(into)).length, 1)
  })
})
