import { readFileSync } from 'node:fs'

const counter = 'TCPAbortOnMemory'

/**
 * How many connections of this machine the kernel has reset because TCP had used up its memory (tcp(7), `tcp_mem`), which all
 * programs share; 0 where it does not say. It resets whichever happen to be closed then, finished ones too.
 */
export function resetForMemory(read = () => readFileSync('/proc/net/netstat', 'utf8')): number {
  let text: string
  try {
    text = read()
  } catch {
    return 0
  }
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '))
  return Number(values[names.indexOf(counter)] ?? 0)
}
