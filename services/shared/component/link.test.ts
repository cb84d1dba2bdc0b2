import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { until } from '../../../test/support/until.ts'
import { attribute, type Element, xml } from '../xmpp/xml.ts'
import { ComponentLink, type LinkOptions, type LinkState } from './link.ts'
import { stanzaLimits } from './stanza-limits.ts'

const secret = 'canary-s3cr3t'
const header =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'"

/** The server's end of one connection, which a test plays by hand. */
class Peer {
  readonly socket: Socket
  received = ''

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (data) => {
      this.received += data.toString('utf8')
    })
    // Tests end connections in every way there is.
    socket.on('error', () => {})
  }

  /** Waits for text of the component, and takes it and all before it away. */
  async expect(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.received)
      if (match) {
        this.received = this.received.slice(match.index + match[0].length)
        return match
      }
      assert.ok(!this.socket.readableEnded, `the component left before ${pattern}`)
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'end')])
    }
  }

  write(text: string | Buffer): void {
    this.socket.write(text)
  }

  async open(id = 'i&amp;d'): Promise<void> {
    await this.expect(/<stream:stream [^>]*>/)
    this.write(`${header} from='p.ex.com' id='${id}'>`)
  }

  async accept(): Promise<void> {
    await this.open()
    await this.expect(/<handshake>[0-9a-f]{40}<\/handshake>/)
    this.write('<handshake/>')
  }

  async refuse(condition: string): Promise<void> {
    await this.expect(/<stream:stream [^>]*>/)
    const error = `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`
    this.write(`${header} id=''>${error}</stream:stream>`)
  }

  ask(payload: string): void {
    this.write(`<iq type='get' id='1' from='a@ex.com/R' to='p.ex.com'>${payload}</iq>`)
  }
}

const cleanUps: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function setUp(
  options: Partial<LinkOptions> = {},
  answer: (stanza: Element) => Promise<Element | undefined> = async (stanza) => stanza,
) {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peers: Peer[] = []
  server.on('connection', (socket) => peers.push(new Peer(socket)))
  const { port } = server.address() as AddressInfo

  const clock = new ManualClock()
  const events: string[] = []
  const states: LinkState[] = []
  const settings = {
    componentDomain: 'p.ex.com',
    componentHost: '127.0.0.1',
    componentPort: port,
    componentSecret: secret,
    componentConnectTimeoutMs: 10_000,
    componentRetryMs: 500,
    componentRetryMaxMs: 15_000,
    componentStandbyMs: 1_000,
    componentMisconfiguredRetryMs: 30_000,
    componentPingMs: 60_000,
    componentSilenceMs: 60_000,
    ...options,
  }
  const link = new ComponentLink(
    {
      answer,
      clock,
      random: () => 0,
      onState: (state) => states.push(state),
      events: {
        componentConnected: () => events.push('connected'),
        componentStandsBy: () => events.push('standby'),
        componentLost: (reason, retryInMs) => events.push(`lost ${retryInMs} ${reason.message}`),
        componentMisconfigured: (reason, retryInMs) => events.push(`misconfigured ${retryInMs} ${reason.condition}`),
        answerLost: (error) => events.push(`answer lost ${error}`),
      },
    },
    settings,
  )
  link.start()
  cleanUps.push(async () => {
    await link.stop()
    const closed = once(server, 'close')
    server.close()
    for (const { socket } of peers) socket.destroy()
    await closed
    assert.equal(clock.pending, 0, 'a timer was left behind')
    assert.ok(!events.join().includes(secret), 'the secret was told')
  })
  let taken = 0
  return {
    link,
    states,
    clock,
    events,
    server,
    settings,
    /** The next connection of the component. */
    async peer(): Promise<Peer> {
      while (peers.length <= taken) await once(server, 'connection')
      return peers[taken++] ?? assert.fail()
    },
    told: (event: RegExp) => until(`${event} is told`, () => events.some((told) => event.test(told)), { everyMs: 1 }),
    connections: () => peers.length,
  }
}

describe('ComponentLink', () => {
  it('authenticates with the stream id and the secret', async () => {
    const { peer, link, told } = await setUp()
    const server = await peer()
    const [open] = await server.expect(/<stream:stream [^>]*>/)
    assert.match(open, /xmlns="jabber:component:accept"/)
    assert.match(open, /to="p.ex.com"/)
    server.write(`${header} from='p.ex.com' id='3BF&amp;6D32'>`)
    const [, handshake] = await server.expect(/<handshake>(\w+)<\/handshake>/)
    assert.equal(handshake, createHash('sha1').update(`3BF&6D32${secret}`).digest('hex'))
    assert.equal(link.state, 'connecting')
    server.write('<handshake/>')
    await told(/^connected/)
    assert.equal(link.state, 'connected')
  })

  it('sends the one answer that it is given', async () => {
    const { peer, told } = await setUp()
    const server = await peer()
    await server.accept()
    await told(/^connected/)
    server.ask("<ping xmlns='urn:xmpp:ping'/>")
    await server.expect(/<iq [^>]*id="1"[^>]*><ping xmlns="urn:xmpp:ping"\/><\/iq>/)
    server.ask('<last/>')
    await server.expect(/<last\/><\/iq>/)
    assert.equal(server.received, '')
  })

  it('reads characters and stanzas that arrive in pieces, right behind the handshake', async () => {
    const { peer } = await setUp()
    const server = await peer()
    await server.open()
    await server.expect(/<handshake>/)
    server.socket.setNoDelay(true)
    const text = "<handshake/><iq type='get' id='1' from='grüße@ex.com/😀' to='p.ex.com'><x/></iq>"
    for (const byte of Buffer.from(text)) {
      server.write(Buffer.of(byte))
      await setImmediate()
    }
    await server.expect(/from="grüße@ex.com\/😀"/)
  })

  it('stands by while the component is taken, until it wins', async () => {
    const { peer, clock, events, link, told, states } = await setUp()
    await (await peer()).refuse('conflict')
    await told(/^standby/)
    assert.equal(link.state, 'standby')
    clock.advance(1_000)
    await (await peer()).refuse('conflict')
    await until('it waits again', () => clock.pending === 1)
    clock.advance(1_000)
    await (await peer()).accept()
    await told(/^connected/)
    assert.deepEqual(events, ['standby', 'connected'])
    assert.deepEqual(states, ['standby', 'connected'])
  })

  it('waits long when it is driven out by a newcomer', async () => {
    const { peer, told, clock, connections } = await setUp()
    const server = await peer()
    await server.accept()
    await told(/^connected/)
    server.write("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")
    await told(/^misconfigured 30000 conflict/)
    clock.advance(29_999)
    assert.equal(connections(), 1)
  })

  it('tries at once when it is told to, with the secret of now', async () => {
    const { peer, link, told, events, settings } = await setUp({ componentSecret: 'the-old-one' })
    const proof = (secret: string) => createHash('sha1').update(`i&d${secret}`).digest('hex')
    const first = await peer()
    await first.open()
    await first.expect(new RegExp(proof('the-old-one')))
    first.write(
      "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
    )
    await told(/^misconfigured 30000 not-authorized/)
    settings.componentSecret = 'the-next-one'
    link.retry()
    const second = await peer()
    await second.open()
    await second.expect(new RegExp(proof('the-next-one')))
    second.write('<handshake/>')
    await told(/^connected/)
    link.retry()
    assert.equal(events.length, 2, 'a stream that is there stays')
  })

  it('does not connect to a name whose addresses are public', async () => {
    // Read as 8.8.8.8 by every resolver, which the options cannot know.
    const { told, connections } = await setUp({ componentHost: '134744072' })
    await told(/^misconfigured 30000 public-address/)
    assert.equal(connections(), 0)
  })

  for (const condition of ['host-unknown', 'invalid-namespace']) {
    it(`says that it is misconfigured when the header is answered with ${condition}`, async () => {
      const { peer, told, clock } = await setUp()
      await (await peer()).refuse(condition)
      await told(new RegExp(`^misconfigured 30000 ${condition}`))
      clock.advance(30_000)
      await (await peer()).accept()
      await told(/^connected/)
    })
  }

  it('says that it is misconfigured when the handshake is not authorized', async () => {
    const { peer, told } = await setUp()
    const server = await peer()
    await server.open()
    await server.expect(/<handshake>/)
    server.write(
      "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
    )
    await told(/^misconfigured 30000 not-authorized/)
  })

  it('comes back after the server went away, and the answer that was in work goes out on the next stream', async () => {
    const gate = Promise.withResolvers<void>()
    const { peer, told, clock, events } = await setUp({}, async (stanza) => {
      await gate.promise
      return stanza
    })
    const server = await peer()
    await server.accept()
    await told(/^connected/)
    server.ask('<slow/>')
    server.socket.end()
    await told(/^lost 250/)
    clock.advance(250)
    const next = await peer()
    await next.accept()
    await until('it is connected again', () => events.length === 3)
    gate.resolve()
    await next.expect(/<slow\/><\/iq>/)
  })

  it('sends what it is given while it is connected, and nothing before', async () => {
    const { peer, link, told } = await setUp()
    const stanza = () => xml('presence', { from: 'p.ex.com', to: 'a@ex.com' })
    await assert.rejects(link.send(stanza()), { code: 'unavailable' })
    const server = await peer()
    await server.accept()
    await told(/^connected/)
    await link.send(stanza())
    await server.expect(/<presence from="p.ex.com" to="a@ex.com"\/>/)
  })

  it('tells of an answer that it could not send', async () => {
    const gate = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const { peer, told } = await setUp({}, async (stanza) => {
      asked.resolve()
      await gate.promise
      return stanza
    })
    const server = await peer()
    await server.accept()
    server.ask('<slow/>')
    await asked.promise
    server.socket.resetAndDestroy()
    await told(/^lost/)
    gate.resolve()
    await told(/^answer lost/)
  })

  it('waits longer after every loss in a row, and starts again after a stable minute', async () => {
    const { peer, told, clock, events } = await setUp()
    for (const delayMs of [250, 500, 1_000]) {
      const server = await peer()
      server.socket.resetAndDestroy()
      await told(new RegExp(`^lost ${delayMs} `))
      clock.advance(delayMs)
    }
    const server = await peer()
    await server.accept()
    await told(/^connected/)
    clock.advance(60_000)
    events.length = 0
    server.socket.end()
    await told(/^lost 250 /)
  })

  const ends: [fact: string, bytes: string][] = [
    ['is not XML', '</nonsense></nonsense>'],
    ['is not well-formed', '<a></b>'],
    ['comes behind the end of the stream', "</stream:stream><iq type='get'/></x>"],
  ]
  for (const [fact, bytes] of ends) {
    it(`survives input that ${fact}`, async () => {
      const { peer, told, clock } = await setUp()
      const server = await peer()
      await server.accept()
      await told(/^connected/)
      server.write(bytes)
      server.socket.end()
      await told(/^lost 250/)
      clock.advance(250)
      await (await peer()).accept()
    })
  }

  it('survives a stanza that never ends', async () => {
    const { peer, told } = await setUp()
    const server = await peer()
    await server.accept()
    await told(/^connected/)
    server.write(`<iq><x>${'x'.repeat(1_200_000)}`)
    await told(/^lost 250 the server sent a stanza of more than 1048576 bytes/)
  })

  it('takes a stanza without its children when they are too many, too deep or have too many attributes', async () => {
    const taken: Element[] = []
    const { peer, told } = await setUp({}, async (stanza) => {
      taken.push(stanza)
      return undefined
    })
    const server = await peer()
    await server.accept()
    await told(/^connected/)
    const deep = (levels: number) => '<x>'.repeat(levels) + '</x>'.repeat(levels)
    const many = (elements: number) => `<x>${'<y/>'.repeat(elements - 1)}</x>`
    const wide = (attributes: number) => `<x ${Array.from({ length: attributes }, (_, i) => `a${i}='1'`).join(' ')}/>`
    const { depth, elements, attributes } = stanzaLimits
    const payloads: [payload: string, children: number][] = [
      [deep(depth - 1), 1],
      [deep(depth), 0],
      [deep(10_000), 0],
      [many(elements - 1), 1],
      [many(elements), 0],
      [many(100_000), 0],
      [wide(attributes), 1],
      [wide(attributes + 1), 0],
      [wide(10_000), 0],
      [`<ok/>${deep(depth)}<ok/>text`, 0],
      ['<ok/>', 1],
    ]
    for (const [payload] of payloads) server.ask(payload)
    await until('all were taken', () => taken.length === payloads.length)
    assert.deepEqual(
      taken.map(({ children }) => children.length),
      payloads.map(([, children]) => children),
    )
    for (const stanza of taken) assert.equal(attribute(stanza, 'from'), 'a@ex.com/R')
  })

  it('gives up on a server that takes the connection and says nothing', async () => {
    const { told } = await setUp({ componentConnectTimeoutMs: 30 })
    await told(/^lost 250 no answer within 30 ms/)
  })

  it('gives up on a server that opens the stream and never answers the handshake', async () => {
    const { peer, told } = await setUp({ componentConnectTimeoutMs: 100 })
    await (await peer()).open()
    await told(/^lost 250/)
  })

  it('pings itself through the server, and leaves a server that has gone silent', async () => {
    const { peer, told } = await setUp({ componentPingMs: 10, componentSilenceMs: 100 })
    const server = await peer()
    await server.accept()
    await server.expect(
      /<iq type="get" id="keepalive" from="p.ex.com" to="p.ex.com"><ping xmlns="urn:xmpp:ping"\/><\/iq>/,
    )
    await told(/^lost 250 the server has been silent for 100 ms/)
  })

  it('is not told where to go by see-other-host', async () => {
    const { peer, told } = await setUp()
    const server = await peer()
    await server.open()
    server.write(
      "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:1</see-other-host></stream:error></stream:stream>",
    )
    await told(/^misconfigured 30000 see-other-host/)
  })

  describe('stop()', () => {
    it('ends the stream with its footer', async () => {
      const { peer, told, link } = await setUp()
      const server = await peer()
      await server.accept()
      await told(/^connected/)
      const stopped = link.stop()
      await server.expect(/<\/stream:stream>/)
      await stopped
      assert.equal(link.state, 'stopped')
    })

    it('does not wait for a server that does not end its side', async () => {
      const { peer, told, link } = await setUp()
      const server = await peer()
      await server.accept()
      await told(/^connected/)
      server.socket.pause()
      await link.stop()
    })

    it('breaks off connecting, and waiting', async () => {
      const { peer, link, events } = await setUp()
      await peer()
      await link.stop()
      const { peer: anotherPeer, link: another, told } = await setUp()
      ;(await anotherPeer()).socket.destroy()
      await told(/^lost/)
      await another.stop()
      assert.deepEqual([link.state, another.state, events], ['stopped', 'stopped', []])
    })
  })

  it('settles when the answers in work have been sent, those to later requests as well', async () => {
    const gates = { slow: Promise.withResolvers<void>(), later: Promise.withResolvers<void>() }
    const asked = { slow: Promise.withResolvers<void>(), later: Promise.withResolvers<void>() }
    const { peer, link } = await setUp({}, async (stanza) => {
      const which = stanza.getChild('slow') ? 'slow' : 'later'
      asked[which].resolve()
      await gates[which].promise
      return attribute(stanza, 'id') === '1' ? stanza : undefined
    })
    const server = await peer()
    await server.accept()
    server.ask('<slow/>')
    await asked.slow.promise
    let settled = false
    const settling = link.settle().then(() => {
      settled = true
    })
    server.ask('<later/>')
    await asked.later.promise
    gates.slow.resolve()
    await server.expect(/<slow\/>/)
    assert.equal(settled, false)
    gates.later.resolve()
    await settling
    await server.expect(/<later\/>/)
  })
})
