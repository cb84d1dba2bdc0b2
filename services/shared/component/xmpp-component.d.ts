/** The part of `@xmpp/component` 0.13 that we use; the package has no types of its own. */
declare module '@xmpp/component' {
  import type { EventEmitter } from 'node:events'
  import type { LookupFunction, Socket } from 'node:net'
  import type { Element, Parser } from '@xmpp/xml'

  export interface Entity extends EventEmitter {
    /** Milliseconds it waits for a step of its handshake. */
    timeout: number
    socket: Socket | null
    readonly reconnect: { stop(): void }
    connect(service: string): Promise<void>
    open(options: { domain: string }): Promise<Element>
    write(text: string): Promise<void>
    send(element: Element): Promise<void>
    socketParameters(service: string): { host: string; port: number; lookup?: LookupFunction }
    _attachParser(parser: Parser): void
    _onData(data: Buffer | string): void
    _onSeeOtherHost(error: Error): void
    _end(): Promise<void>
  }

  export function component(options: { service: string; domain: string; password: string }): Entity
}
