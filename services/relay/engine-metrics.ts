import { Counter, Gauge } from 'prom-client'
import type { Metrics } from '../shared/runtime/metrics.ts'
import type { EngineLoad } from './engine/engine.ts'

/** Registers what the engine uses and lacks, read when somebody scrapes. */
export function exposeEngine(load: () => EngineLoad, engine: string, metrics: Metrics): void {
  const registers = [metrics]
  const gauge = (name: string, help: string, value: (load: EngineLoad) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(load()))
      },
    })
  const counter = (name: string, help: string, value: (load: EngineLoad) => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(value(load()))
      },
    })
  new Gauge({
    name: 'splice65_engine_info',
    help: 'Always 1; the label tells what moves the bytes: splice, in the kernel, or stream, anywhere.',
    labelNames: ['engine'],
    registers,
  }).set({ engine }, 1)
  gauge('splice65_pipes_lent', 'Pipes of the engine that have bytes in them.', (it) => it.pipesLent)
  gauge('splice65_pipes_max', 'Pipes the engine may own.', (it) => it.pipesMax)
  new Gauge({
    name: 'splice65_pipe_bytes',
    help: 'Kernel memory of the engine’s pipes: lent to bytestreams, or idle.',
    labelNames: ['state'],
    registers,
    collect() {
      const { pipeBytesLent, pipeBytesIdle } = load()
      this.set({ state: 'lent' }, pipeBytesLent)
      this.set({ state: 'idle' }, pipeBytesIdle)
    },
  })
  gauge('splice65_pipe_budget_bytes', 'Kernel memory the engine’s pipes may take.', (it) => it.pipeBudgetBytes)
  counter(
    'splice65_pipes_refused_total',
    'Times the kernel refused a pipe or gave one too small: others of this user took its share on this machine.',
    (it) => it.pipesRefused,
  )
  counter('splice65_pipe_waits_total', 'Times a bytestream had to wait for a pipe.', (it) => it.pipeWaits)
  counter(
    'splice65_copied_bytes_total',
    'Bytes that the splice engine copied because no pipe came free in time.',
    (it) => it.copiedBytes,
  )
}
