import * as libc from './libc.ts'

/** SO_LINGER with no time to linger (socket(7)): close(2), and the end of the process, then send a reset. */
export function resetOnClose(fd: number, reset: boolean): void {
  libc.setsockopt(fd, libc.SOL_SOCKET, libc.SO_LINGER, new Int32Array([Number(reset), 0]), 8)
}
