import { platform } from 'node:os'
import koffi from 'koffi'
import { Failure } from '../../../shared/bytestream/failure.ts'

// Every foreign function of the project stands here, under the man page that describes it. Linux only.
if (platform() !== 'linux') throw new Failure('unavailable', 'splice(2) is Linux’s alone')

// Calls give -1 on failure; errno() then says why.
// The library is the one that Node itself is linked with, glibc or musl: their file names differ, these functions do not.
const libc = koffi.load(null)

/** close(2). */
export const close: (fd: number) => number = libc.func('int close(int)')

/** eventfd(2): a counter that wakes whoever polls it. */
export const eventfd: (initial: number, flags: number) => number = libc.func('int eventfd(unsigned int, int)')

/** read(2). */
export const read: (fd: number, buffer: Buffer, size: number) => number = libc.func('long read(int, void *, size_t)')

/** write(2). */
export const write: (fd: number, buffer: Buffer, size: number) => number = libc.func(
  'long write(int, const void *, size_t)',
)

/** pipe2(2): writes two descriptors, first the end to read from. */
export const pipe2: (ends: Int32Array, flags: number) => number = libc.func('int pipe2(void *, int)')

/** fcntl(2), with an int as its argument: F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ. */
export const fcntl: (fd: number, command: number, argument: number) => number = libc.func('int fcntl(int, int, int)')

/** splice(2) between a socket and a pipe: the offsets are always null. */
export const splice: (
  from: number,
  fromOffset: null,
  to: number,
  toOffset: null,
  size: number,
  flags: number,
) => number = libc.func('long splice(int, void *, int, void *, size_t, unsigned int)')

/** recv(2). */
export const recv: (fd: number, buffer: Buffer, size: number, flags: number) => number = libc.func(
  'long recv(int, void *, size_t, int)',
)

/** send(2). */
export const send: (fd: number, buffer: Buffer, size: number, flags: number) => number = libc.func(
  'long send(int, const void *, size_t, int)',
)

/** shutdown(2). */
export const shutdown: (fd: number, how: number) => number = libc.func('int shutdown(int, int)')

/** setsockopt(2), with one or two ints as its value. */
export const setsockopt: (fd: number, level: number, option: number, value: Int32Array, size: number) => number =
  libc.func('int setsockopt(int, int, int, const void *, unsigned int)')

/** epoll_create1(2). */
export const epollCreate: (flags: number) => number = libc.func('int epoll_create1(int)')

/** epoll_ctl(2); the event is laid out as `epoll.ts` does it. */
export const epollCtl: (epoll: number, operation: number, fd: number, event: Buffer) => number = libc.func(
  'int epoll_ctl(int, int, int, void *)',
)

/** epoll_wait(2). */
export const epollWait: (epoll: number, events: Buffer, most: number, timeoutMs: number) => number = libc.func(
  'int epoll_wait(int, void *, int, int)',
)

/** errno(3) of the last call of this thread. */
export const errno: () => number = koffi.errno

/** errno(3). */
export const EINTR = 4
export const EAGAIN = 11
export const ENOMEM = 12
export const ENOBUFS = 105

/** open(2), pipe2(2), eventfd(2): O_NONBLOCK and O_CLOEXEC. */
export const O_NONBLOCK = 0o4000
export const O_CLOEXEC = 0o2000000

/** fcntl(2): another descriptor of the same open connection. */
export const F_DUPFD_CLOEXEC = 1030

/** fcntl(2): the size of a pipe's buffer in bytes. */
export const F_SETPIPE_SZ = 1031
export const F_GETPIPE_SZ = 1032

/** splice(2): SPLICE_F_MOVE and SPLICE_F_NONBLOCK. */
export const SPLICE_FLAGS = 0x01 | 0x02

/** recv(2), send(2). */
export const MSG_DONTWAIT = 0x40
export const MSG_NOSIGNAL = 0x4000

/** shutdown(2). */
export const SHUT_WR = 1

/** socket(7), tcp(7). */
export const SOL_SOCKET = 1
export const SO_LINGER = 13
export const IPPROTO_TCP = 6
export const TCP_USER_TIMEOUT = 18
