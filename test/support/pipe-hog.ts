import * as libc from '../../services/relay/engine/splice/libc.ts'

// Spends the pipe buffers that one user may have on this machine (pipe(7), pipe-user-pages-soft: 64 MiB unless an
// administrator set it), says so, and keeps them until its input ends.
const MIB = 1024 * 1024
let bytes = 0
for (let size = MIB; size >= MIB; ) {
  const ends = new Int32Array(2)
  if (libc.pipe2(ends, libc.O_CLOEXEC) < 0) break
  size = libc.fcntl(ends[1] ?? -1, libc.F_SETPIPE_SZ, MIB)
  bytes += Math.max(size, 0)
}
// What is left in smaller pieces.
for (let size = 65_536; size >= 65_536; ) {
  const ends = new Int32Array(2)
  if (libc.pipe2(ends, libc.O_CLOEXEC) < 0) break
  size = libc.fcntl(ends[1] ?? -1, libc.F_GETPIPE_SZ, 0)
}
process.stdout.write(`has ${bytes} bytes of pipe buffer\n`)
process.stdin.resume()
