import { isIPv4, isIPv6, SocketAddress } from 'node:net'

/** What the bytes so far have come to. */
export type HeaderStep =
  /**
   * The header is whole. `source` is the address that the proxy accepted the client from; undefined when the header
   * names none, and the connection's own address is the one that counts. `rest` came behind the header.
   */
  | { readonly step: 'read'; readonly source: string | undefined; readonly rest: Buffer }
  /** There is no header, or a bad one: close the connection, there is nobody to answer. */
  | { readonly step: 'refused'; readonly fault: 'missing' | 'malformed'; readonly why: string }

const nothing: Buffer = Buffer.alloc(0)
const TEXT_START = Buffer.from('PROXY ')
/** The longest line there can be, CR LF included (proxy-protocol.txt §2.1). */
const TEXT_BYTES = 107
const BINARY_START = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
/** The signature, version and command, family, length (proxy-protocol.txt §2.2). */
const BINARY_HEAD_BYTES = 16
/** What a binary header may announce behind its head. Addresses take 36 bytes; the rest is TLVs, certificates at most. */
const BINARY_BODY_BYTES = 4_096
const VERSION_2 = 2
const LOCAL = 0
const PROXY = 1
const UNSPECIFIED = 0x00
const TCP_OVER_IPV4 = 0x11
const TCP_OVER_IPV6 = 0x21

const textFamilies: ReadonlyMap<string, (address: string) => boolean> = new Map([
  ['TCP4', isIPv4],
  ['TCP6', isIPv6],
])

/**
 * The receiver's side of the PROXY protocol (HAProxy's proxy-protocol.txt), version 1 and 2 by what comes first. The
 * header is required. Takes its input in pieces of any size, keeps one header at most (4112 bytes), never throws, touches
 * no socket. After `read` or `refused` it takes nothing more.
 */
export class ProxyHeader {
  #pending: Buffer = nothing

  /** True when the header has begun and is not whole. */
  get underWay(): boolean {
    return this.#pending.length > 0
  }

  /** Takes the next bytes; undefined while the header needs more. */
  push(chunk: Buffer): HeaderStep | undefined {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    if (mayBegin(this.#pending, TEXT_START)) return this.#text()
    if (mayBegin(this.#pending, BINARY_START)) return this.#binary()
    return { step: 'refused', fault: 'missing', why: 'it does not begin with a PROXY header' }
  }

  #text(): HeaderStep | undefined {
    const end = this.#pending.subarray(0, TEXT_BYTES).indexOf('\r\n')
    if (end < 0) return this.#pending.length < TEXT_BYTES ? undefined : malformed('its PROXY line has no end')
    const [, family, source, destination, sourcePort, destinationPort, ...more] = this.#pending
      .toString('latin1', 0, end)
      .split(' ')
    const rest = this.#pending.subarray(end + 2)
    // Whatever follows UNKNOWN is to be ignored.
    if (family === 'UNKNOWN') return { step: 'read', source: undefined, rest }
    const isAddress = textFamilies.get(family ?? '')
    if (
      source === undefined ||
      ![source, destination ?? ''].every((address) => isAddress?.(address)) ||
      ![sourcePort ?? '', destinationPort ?? ''].every(isPort) ||
      more.length > 0
    ) {
      return malformed('its PROXY line names no two TCP addresses')
    }
    return { step: 'read', source: family === 'TCP6' ? canonicalIpv6(source) : source, rest }
  }

  #binary(): HeaderStep | undefined {
    if (this.#pending.length < BINARY_HEAD_BYTES) return undefined
    const versionAndCommand = this.#pending.readUInt8(12)
    const family = this.#pending.readUInt8(13)
    const length = this.#pending.readUInt16BE(14)
    const command = versionAndCommand & 0x0f
    if (versionAndCommand >> 4 !== VERSION_2) return malformed('its PROXY header is of another version')
    if (length > BINARY_BODY_BYTES) return malformed(`its PROXY header announces ${length} bytes`)
    const end = BINARY_HEAD_BYTES + length
    if (this.#pending.length < end) return undefined
    const body = this.#pending.subarray(BINARY_HEAD_BYTES, end)
    const rest = this.#pending.subarray(end)
    // The proxy's own connection, such as its health check: whatever addresses it has are to be ignored.
    if (command === LOCAL) return { step: 'read', source: undefined, rest }
    if (command !== PROXY) return malformed('its PROXY header has an unknown command')
    if (family === UNSPECIFIED) return { step: 'read', source: undefined, rest }
    if (family === TCP_OVER_IPV4 && length >= 12) return { step: 'read', source: formatIpv4(body), rest }
    if (family === TCP_OVER_IPV6 && length >= 36) return { step: 'read', source: formatIpv6(body), rest }
    return malformed('its PROXY header names no two TCP addresses')
  }
}

/** Whether the bytes so far begin so, or may yet. */
function mayBegin(bytes: Buffer, start: Buffer): boolean {
  return bytes.subarray(0, start.length).equals(start.subarray(0, bytes.length))
}

function malformed(why: string): HeaderStep {
  return { step: 'refused', fault: 'malformed', why }
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

function formatIpv4(body: Buffer): string {
  return body.subarray(0, 4).join('.')
}

function formatIpv6(body: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, group) => body.readUInt16BE(2 * group).toString(16))
  return canonicalIpv6(groups.join(':'))
}

/** As a socket shows it: one client always looks the same. */
function canonicalIpv6(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address
}
