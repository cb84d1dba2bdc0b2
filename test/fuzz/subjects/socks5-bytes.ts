import type { Choices } from '../choices.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const digits = Buffer.from('d283bf4d9c2eaa3675aa6fc4d7d7b09c8622197b')
/** CONNECT to a name of forty characters. */
const connectHead = hex('0501000328')
const lengths = [40, 0, 1, 39, 41, 127, 128, 255] as const

/** The client's side of a SOCKS5 handshake, whole and good or nearly so, with what comes behind it. */
export function makeHandshake(choices: Choices): Buffer {
  const greeting = choices.oneIn(3) ? Buffer.concat([hex('05'), choices.bytes(6)]) : hex('050100')
  const name = choices.oneIn(3) ? nameOf(choices, choices.pick(lengths)) : digits
  const head = choices.oneIn(6) ? choices.bytes(4) : hex('05010003')
  const port = choices.oneIn(4) ? choices.bytes(2) : hex('0000')
  const length = choices.oneIn(8) ? choices.below(256) : name.length
  const request = Buffer.concat([head, Buffer.from([length]), name, port])
  const early = choices.oneIn(3) ? choices.bytes(300) : Buffer.alloc(0)
  const whole = Buffer.concat([greeting, request, early])
  return choices.oneIn(3) ? choices.damage(whole) : whole
}

function nameOf(choices: Choices, length: number): Buffer {
  const fill = choices.pick(['a', 'F', 'g', '\0', '.', 'é'])
  return Buffer.alloc(length, fill, 'latin1')
}

/** What a good handshake asks for, read another way than the relay does; undefined when it is not good or not whole. */
export function askedOf(
  bytes: Buffer,
): { readonly digest: string; readonly sent: Buffer; readonly rest: Buffer } | undefined {
  const methods = bytes[1] ?? 0
  const request = bytes.subarray(2 + methods)
  const end = connectHead.length + 40 + 2
  if (bytes[0] !== 5 || !bytes.subarray(2, 2 + methods).includes(0)) return undefined
  if (request.length < end || !request.subarray(0, connectHead.length).equals(connectHead)) return undefined
  const digest = request.toString('latin1', connectHead.length, connectHead.length + 40).toLowerCase()
  if (!/^[0-9a-f]{40}$/.test(digest)) return undefined
  return { digest, sent: request.subarray(3, end), rest: request.subarray(end) }
}
