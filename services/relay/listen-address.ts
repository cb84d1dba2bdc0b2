import { Failure } from '../shared/bytestream/failure.ts'

/** Where a SOCKS5 listener listens, and the name of the streamhost that leads to it. */
export interface ListenAddress {
  /** Resource of the streamhost JID; empty for the main shared address. */
  readonly streamhost: string
  readonly host: string
  readonly port: number
}

/** Reads `host:port` or `name=host:port`; an IPv6 host stands in brackets. Throws `malformed`. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:(?<name>[^=\s]+)=)?(?:\[(?<ipv6>[0-9a-f:.]+)\]|(?<host>[^:[\]=\s]+)):(?<port>\d{1,5})$/i.exec(text)
  const { name, ipv6, host, port } = match?.groups ?? {}
  const address = ipv6 ?? host
  if (address === undefined || port === undefined || Number(port) > 65_535) {
    throw new Failure('malformed', `Cannot listen on ${JSON.stringify(text)}: it must be host:port or name=host:port`)
  }
  return { streamhost: name ?? '', host: address, port: Number(port) }
}
