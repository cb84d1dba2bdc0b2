import { once } from 'node:events'
import type { ServiceProcess } from '../../deploy/local/service.ts'

/** What a process must be started under so that code can be run in it later on: its inspector then has a free port. */
export function inspectable(...options: readonly string[]): string[] {
  return ['env', `NODE_OPTIONS=${['--inspect-port=127.0.0.1:0', ...options].join(' ')}`]
}

/** Runs an expression on the main thread of a process that was started `inspectable()`. Resolves when it was sent. */
export async function evaluateIn(process: ServiceProcess, expression: string): Promise<void> {
  process.kill('SIGUSR1')
  const said = await process.waitForLine(({ text }) => String(text).startsWith('Debugger listening on '))
  const socket = new WebSocket(String(said.text).replace('Debugger listening on ', ''))
  await once(socket, 'open')
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }))
  socket.close()
}
