/**
 * A service that leaks one thing, more of it each time its metrics are read: `node leaking-service.ts PORT WHAT`. It is
 * sound when WHAT is `nothing`.
 */
import { openSync } from 'node:fs'
import { Gauge } from 'prom-client'
import { serveHealth } from '../../services/shared/runtime/health.ts'
import { createMetrics } from '../../services/shared/runtime/metrics.ts'

const [port, what = ''] = process.argv.slice(2)
const hourMs = 3_600_000
const held: unknown[] = []
let looks = 0

const leaks: Readonly<Record<string, () => void>> = {
  nothing: () => {},
  'resident memory': () => held.push(Buffer.alloc(2 << 20, 1)),
  'heap in use': () => held.push(Array.from({ length: 10_000 }, (_, index) => ({ index }))),
  descriptors: () => times(6, () => openSync('/dev/null', 'r')),
  'timers, sockets, …': () => times(3, () => setInterval(() => {}, hourMs)),
  'metric series': () => times(5, (index) => gauge.set({ client: `${looks}-${index}` }, 1)),
}
const leak = leaks[what]
if (!leak) throw new Error(`Cannot leak "${what}": it is none of ${Object.keys(leaks).join(', ')}`)

const metrics = createMetrics('leaking')
const gauge = new Gauge({
  name: 'splice65_leaked',
  help: 'One for each client.',
  labelNames: ['client'],
  registers: [metrics],
})
new Gauge({
  name: 'splice65_looks',
  help: 'How often the metrics were read.',
  registers: [metrics],
  collect() {
    looks += 1
    leak()
    this.set(looks)
  },
})
await serveHealth({ metrics, ready: () => undefined }, { healthHost: '127.0.0.1', healthPort: Number(port) })

function times(count: number, run: (index: number) => void): void {
  for (let index = 0; index < count; index++) run(index)
}
