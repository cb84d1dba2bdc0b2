import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type Element, Parser } from '@xmpp/xml'

/** An XMPP server as far as one component sees it: accepts whoever connects, and hands on what it sends. */
export interface ComponentServer extends AsyncDisposable {
  readonly port: number
  /** Sends text to the component, and resolves when it is on its way. */
  write(text: string): Promise<void>
  /** Calls back for every stanza of the component. */
  onStanza(listener: (stanza: Element) => void): void
  /** Resolves when the component is connected. */
  readonly connected: Promise<void>
}

/** Starts a server for one component, on loopback. Disposing closes it. */
export async function startComponentServer(): Promise<ComponentServer> {
  const connected = Promise.withResolvers<Socket>()
  const listeners: ((stanza: Element) => void)[] = []
  const server = createServer((socket) => {
    const parser = new Parser()
    parser.on('start', () =>
      socket.write(
        "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='1'>",
      ),
    )
    parser.on('element', (stanza: Element) => {
      if (stanza.is('handshake')) {
        socket.write('<handshake/>')
        connected.resolve(socket)
      } else {
        for (const listener of listeners) listener(stanza)
      }
    })
    socket.on('data', (bytes) => parser.write(bytes.toString('utf8'))).on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    connected: connected.promise.then(() => {}),
    onStanza: (listener) => void listeners.push(listener),
    async write(text) {
      const socket = await connected.promise
      if (!socket.write(text)) await once(socket, 'drain')
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      connected.promise.then((socket) => socket.destroy()).catch(() => {})
      await closed
    },
  }
}
