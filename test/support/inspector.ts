import { once } from 'node:events'
import type { ServiceProcess } from '../../deploy/local/service.ts'

/** What a process must be started under so that it can be inspected later on: its inspector then has a free port. */
export function inspectable(...options: readonly string[]): string[] {
  return ['env', `NODE_OPTIONS=${['--inspect-port=127.0.0.1:0', ...options].join(' ')}`]
}

/** A process that was started `inspectable()`, seen through Node's inspector. Whoever opens it disposes of it. */
export class Inspector implements Disposable {
  readonly #socket: WebSocket
  #asked = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
  }

  static async open(process: Pick<ServiceProcess, 'kill' | 'waitForLine'>): Promise<Inspector> {
    process.kill('SIGUSR1')
    const said = await process.waitForLine(({ text }) => String(text).startsWith('Debugger listening on '))
    const socket = new WebSocket(String(said.text).replace('Debugger listening on ', ''))
    await once(socket, 'open')
    return new Inspector(socket)
  }

  /** Runs an expression on the main thread and resolves when it is through. Throws when it throws, or the process ends before. */
  async run(expression: string): Promise<void> {
    const over = new AbortController()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const id = this.begin(expression)
    const answered = ({ data }: MessageEvent) => {
      const answer = JSON.parse(String(data))
      if (answer.id !== id) return
      const thrown = answer.result?.exceptionDetails
      if (thrown) reject(new Error(`Cannot run ${expression}: ${thrown.exception?.description}`))
      else resolve()
    }
    const closed = () => reject(new Error(`Cannot run ${expression}: the process has ended`))
    if (this.#socket.readyState !== WebSocket.OPEN) closed()
    this.#socket.addEventListener('message', answered, { signal: over.signal })
    this.#socket.addEventListener('close', closed, { signal: over.signal })
    await promise.finally(() => over.abort())
  }

  /** Runs an expression for as long as that may take, and gives the number of the answer that nobody need wait for. */
  begin(expression: string): number {
    this.#asked += 1
    this.#socket.send(JSON.stringify({ id: this.#asked, method: 'Runtime.evaluate', params: { expression } }))
    return this.#asked
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }
}
