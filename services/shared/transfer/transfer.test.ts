import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { atEnd } from '../../../test/support/at-end.ts'
import { linkSessions } from '../../../test/support/linked-sessions.ts'
import { testFile } from '../../../test/support/transfer-ends.ts'
import { answerDiscovery } from '../xmpp/discovery.ts'
import { StanzaError } from '../xmpp/stanza-error.ts'
import { type Element, ns } from '../xmpp/xml.ts'
import type { TransferEvent } from './events.ts'
import type { ReceivedFile } from './incoming.ts'
import { oobFeatures, startOobReceiver } from './oob-receiver.ts'
import { type ReceiverOptions, receiverFeatures, startReceiver } from './receiver.ts'
import { type SendOptions, sendFile } from './sender.ts'
import { openSourceFile } from './source-file.ts'
import type { Streamhost } from './streamhost.ts'

interface Setting {
  size?: number
  receiver?: Partial<ReceiverOptions>
  features?: readonly string[]
  decide?: () => true | string
  tap?: (stanza: Element) => boolean
}

/** Alice can send to Bob; `send` does it once, `received` is what Bob made of it. */
async function setUp(t: TestContext, { size = 300_000, receiver, features, decide, tap }: Setting = {}) {
  const [alice, bob] = linkSessions(['alice@ex.com/R', 'bob@ex.org/T'], tap)
  const file = await testFile(t, size)
  const outcomes: Promise<ReceivedFile>[] = []
  const parts = {
    session: bob,
    decide: decide ?? (() => true as const),
    watch: () => () => {},
    onTransfer: (_peer: string, done: Promise<ReceivedFile>) => {
      done.catch(() => {})
      outcomes.push(done)
    },
  }
  const options = { into: file.into, ...receiver }
  const stops = [startReceiver(parts, options), startOobReceiver(parts, options)]
  atEnd(t, () => Promise.all(stops.map((stop) => stop())))
  answerDiscovery(bob, {
    identities: [{ category: 'client', type: 'console' }],
    features: new Set(features ?? [...receiverFeatures, ...oobFeatures]),
  })
  const events: TransferEvent[] = []
  const send = async (sending: Partial<SendOptions> = {}) => {
    await using source = await sourceOf(file.path)
    return await sendFile(
      { session: alice, file: source, tell: (event) => events.push(event) },
      { to: 'bob@ex.org/T', protocol: 'si', proxies: [], direct: ['127.0.0.1'], ...sending },
    )
  }
  return { ...file, send, outcomes, events }
}

async function sourceOf(path: string) {
  const source = await openSourceFile(path)
  return { ...source, [Symbol.asyncDispose]: () => source.close() }
}

describe('sendFile() to startReceiver()', () => {
  for (const method of ['s5b', 'ibb', 'oob'] as const) {
    for (const size of [0, 1, 300_000]) {
      it(`carries ${size} bytes by ${method}`, async (t) => {
        const { send, outcomes, content, sha256, into } = await setUp(t, { size })
        const sent = await send({ method })
        const received = await outcomes[0]
        assert.equal(sent.sha256, sha256)
        assert.equal(received?.sha256, sha256)
        assert.equal(received.method, method)
        assert.deepEqual(await readFile(received.path), content)
        assert.deepEqual(await readdir(into), ['Käse & Brot.bin'])
      })
    }
  }

  it('overwrites nothing', async (t) => {
    const { send, outcomes, into } = await setUp(t)
    await writeFile(join(into, 'Käse & Brot.bin'), 'precious')
    await send()
    assert.equal((await outcomes[0])?.path, join(into, 'Käse & Brot (1).bin'))
    assert.equal(await readFile(join(into, 'Käse & Brot.bin'), 'utf8'), 'precious')
  })

  it('falls back to a new in-band offer when no streamhost works', async (t) => {
    const { send, outcomes, events, sha256 } = await setUp(t)
    const sent = await send({ direct: false })
    assert.equal(sent.method, 'ibb')
    assert.equal((await outcomes.at(-1))?.sha256, sha256)
    const sids = events.flatMap((event) => (event.event === 'offered' ? [event.sid] : []))
    assert.equal(new Set(sids).size, 2)
  })

  it('dials those of the offered streamhosts only that the receiver chooses', async (t) => {
    const choose = async (offered: readonly Streamhost[]) => offered.filter(({ jid }) => jid === 'proxy.ex.com')
    const { send, outcomes, sha256 } = await setUp(t, { receiver: { choose } })
    await assert.rejects(send({ method: 's5b' }), (error) => error instanceof StanzaError)
    assert.equal((await send()).method, 'ibb')
    assert.equal((await outcomes.at(-1))?.sha256, sha256)
  })

  it('does not fall back when SOCKS5 was asked for', async (t) => {
    const { send } = await setUp(t)
    await assert.rejects(send({ direct: false, method: 's5b' }), /no streamhost to offer/)
  })

  it('takes what the receiver supports', async (t) => {
    const si = [ns.si, ns.fileTransfer]
    assert.equal((await (await setUp(t, { features: [...si, ns.ibb] })).send()).method, 'ibb')
    assert.equal((await (await setUp(t, { features: [ns.oobIq] })).send()).method, 'oob')
    await assert.rejects((await setUp(t, { features: [] })).send(), /does not support any file transfer/)
  })

  it('goes by Jingle where the receiver has it, unless told otherwise', async (t) => {
    const { send, events } = await setUp(t)
    const sids = () => events.flatMap((event) => (event.event === 'offered' ? [event.sid] : []))
    await send({ protocol: 'auto' })
    await send({ protocol: 'jingle' })
    assert.equal(sids().length, 2)
    const old = await setUp(t, { features: [ns.si, ns.fileTransfer, ns.ibb] })
    assert.equal((await old.send({ protocol: 'auto' })).method, 'ibb')
    await assert.rejects(old.send({ protocol: 'jingle' }), /does not support any file transfer we know by Jingle/)
  })

  it('tells why it was declined', async (t) => {
    const { send } = await setUp(t, { decide: () => 'not from you' })
    await assert.rejects(
      send(),
      (error) =>
        error instanceof StanzaError &&
        error.condition === 'forbidden' &&
        error.type === 'cancel' &&
        /not from you/.test(error.message),
    )
  })

  it('declines files that are too large', async (t) => {
    const { send } = await setUp(t, { receiver: { maxBytes: 1000 } })
    await assert.rejects(send(), /more than 1000 bytes/)
    await assert.rejects(send({ method: 'oob' }), /more than the 1000/)
  })

  it('continues where an earlier attempt broke', async (t) => {
    let blocks = 0
    const { send, outcomes, sha256, into } = await setUp(t, {
      tap: (stanza) => !stanza.getChild('data', ns.ibb) || ++blocks !== 30,
    })
    const controller = new AbortController()
    // Block 30 is lost; the sender would wait for its answer.
    const first = send({ method: 'ibb', signal: controller.signal })
    first.catch(() => {})
    await assert.rejects(Promise.race([first, abortWhen(() => blocks >= 30, controller)]))
    await assert.rejects(outcomes[0] ?? Promise.resolve())
    assert.match((await readdir(into)).join(), /^\.Käse & Brot\.bin\.[0-9a-f]{16}\.part$/)

    const sent = await send({ method: 's5b' })
    assert.equal(sent.transferredBytes, 300_000 - 29 * 4096)
    const received = await outcomes[1]
    assert.deepEqual([sent.sha256, received?.sha256], [sha256, sha256])
    assert.deepEqual(await readdir(into), ['Käse & Brot.bin'])
  })

  it('takes the place of an earlier offer whose stream never came', async (t) => {
    const { send, outcomes, sha256 } = await setUp(t, { tap: (stanza) => !stanza.getChild('open', ns.ibb) })
    const controller = new AbortController()
    const first = send({ method: 'ibb', signal: controller.signal })
    first.catch(() => {})
    await abortWhen(() => outcomes.length === 1, controller).catch(() => {})
    await send({ method: 's5b' })
    await assert.rejects(outcomes[0] ?? Promise.resolve(), /new offer of the same file/)
    assert.equal((await outcomes[1])?.sha256, sha256)
  })
})

/** Aborts as soon as the condition holds; never resolves before. */
function abortWhen(condition: () => boolean, controller: AbortController): Promise<never> {
  return new Promise((_, reject) => {
    const look = () => {
      if (!condition()) {
        setImmediate(look)
        return
      }
      const reason = new Error('the sender is gone')
      controller.abort(reason)
      reject(reason)
    }
    look()
  })
}
