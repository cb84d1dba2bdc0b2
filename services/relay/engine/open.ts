import { Failure, messageOf } from '../../shared/bytestream/failure.ts'
import type { Logger } from '../../shared/runtime/log.ts'
import type { Engine } from './engine.ts'
import type { SpliceOptions } from './splice/engine.ts'
import { streamEngine } from './stream.ts'

/**
 * Opens the engine that the operator asked for. `auto` takes the kernel's where it can be had, and says in one line
 * which it took and why. Throws `unavailable` when `splice` was asked for and cannot be had. The caller stops it.
 */
export async function openEngine(
  wanted: 'auto' | 'splice' | 'stream',
  { log, ...options }: SpliceOptions & { readonly log: Logger },
): Promise<Engine> {
  if (wanted === 'stream') return streamEngine
  try {
    // Only here is the foreign function interface loaded: an optional package, and of no use outside Linux.
    const { SpliceEngine } = await import('./splice/engine.ts')
    const engine = new SpliceEngine(options)
    if (wanted === 'auto')
      log.info({ engine: 'splice' }, 'bytes move inside the kernel: this is Linux, and koffi is here')
    return engine
  } catch (error) {
    const why = messageOf(error)
    if (wanted === 'splice') throw new Failure('unavailable', `Cannot use the splice engine: ${why}`, { cause: error })
    log.warn({ engine: 'stream', why }, 'bytes move through Node streams, at two to four times the cost in CPU')
    return streamEngine
  }
}
