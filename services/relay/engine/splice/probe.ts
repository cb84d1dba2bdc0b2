import { Failure } from '../../../shared/bytestream/failure.ts'
import * as libc from './libc.ts'

/**
 * Moves one byte from pipe to pipe. Throws `unavailable` when that cannot be done: a sandbox may forbid splice(2), and
 * kernels that only look like Linux may lack it.
 */
export function demandSplice(): void {
  const [source, sink] = [new Int32Array([-1, -1]), new Int32Array([-1, -1])]
  try {
    for (const ends of [source, sink]) {
      if (libc.pipe2(ends, libc.O_NONBLOCK | libc.O_CLOEXEC) < 0) throw refusal('pipe2(2)')
    }
    const [from = -1, write = -1] = source
    const [, to = -1] = sink
    if (libc.write(write, Buffer.of(1), 1) !== 1) throw refusal('write(2)')
    if (libc.splice(from, null, to, null, 1, libc.SPLICE_FLAGS) !== 1) throw refusal('splice(2)')
  } finally {
    for (const fd of [...source, ...sink]) if (fd >= 0) libc.close(fd)
  }
}

function refusal(call: string): Failure {
  return new Failure('unavailable', `${call} fails here: errno ${libc.errno()}`)
}
