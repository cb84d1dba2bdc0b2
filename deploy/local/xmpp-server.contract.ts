import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { client, xml } from '@xmpp/client'
import { isFree } from './port.ts'
import { loginStepMs, type XmppServer, type XmppServerOptions } from './xmpp-server.ts'

const domain = 'example.test'
const proxy = { domain: 'proxy.example.test', secret: 'secret of the proxy' }
const stranger = { domain: 'files.elsewhere.test', secret: 'secret of the stranger' }
const alice = { user: 'alice', password: 'A "quoted" \\ pass word' }
const bob = { user: 'bob.b', password: 'bob' }

/** What a demo or a test may take for granted of any XMPP server that it starts. */
export function describeXmppServer(name: string, start: (options: XmppServerOptions) => Promise<XmppServer>): void {
  describe(name, () => {
    it('logs clients in, lists and admits components, and does so again after a restart', async () => {
      await using server = await start({ domain, accounts: [alice, bob], components: [proxy] })
      for (const account of [alice, bob]) assert.ok((await itemsSeenBy(account, server)).includes(proxy.domain))
      assert.match(await componentHandshake(server, proxy.secret), /<handshake/)
      assert.doesNotMatch(await componentHandshake(server, 'another secret'), /<handshake/)

      server.kill()
      await server.exited
      await server.restart()
      assert.ok((await itemsSeenBy(alice, server)).includes(proxy.domain))

      await server.stop()
      assert.deepEqual([await isFree(server.c2sPort), await isFree(server.componentPort)], [true, true])
    })

    it('lists each component once, and no proxy of its own', async () => {
      await using server = await start({ domain, accounts: [alice], components: [proxy, stranger] })
      const items = await itemsSeenBy(alice, server)
      const expected = [stranger.domain, proxy.domain]
      assert.deepEqual(items.filter((jid) => expected.includes(jid) || jid.includes('proxy')).sort(), expected)
    })
  })
}

/** Logs in and asks the server for its disco#items: the JIDs in the answer. */
async function itemsSeenBy({ user, password }: typeof alice, server: XmppServer): Promise<string[]> {
  const { service, domain } = server
  const session = client({ service, domain, username: user, password, timeout: loginStepMs })
  session.on('error', () => {})
  try {
    await session.start()
    const query = xml('query', { xmlns: 'http://jabber.org/protocol/disco#items' })
    const answer = await session.iqCaller.request(xml('iq', { type: 'get', to: server.domain }, query))
    const items = answer.getChild('query')?.getChildren('item') ?? []
    return items.map((item: typeof answer) => String(item.attrs.jid))
  } finally {
    await session.stop()
  }
}

/** Opens a component stream by hand (XEP-0114): what the server says to the handshake. */
async function componentHandshake(server: XmppServer, secret: string): Promise<string> {
  const socket = connect({ port: server.componentPort, host: '127.0.0.1' }).setEncoding('utf8')
  socket.write(
    `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='${proxy.domain}'>`,
  )
  let opening = ''
  let id: string | undefined
  while (id === undefined) {
    opening += String((await once(socket, 'data'))[0])
    id = /\bid=['"]([^'"]+)['"]/.exec(opening)?.[1]
  }
  const proof = createHash('sha1').update(`${id}${secret}`).digest('hex')
  socket.write(`<handshake>${proof}</handshake>`)
  const [answer] = await once(socket, 'data')
  socket.destroy()
  return String(answer)
}
