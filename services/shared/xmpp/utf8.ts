import { StringDecoder } from 'node:string_decoder'

/** The part of an @xmpp connection that reads its socket. */
export interface SocketReader {
  _onData(data: Buffer | string): void
  on(event: 'connect', listener: () => void): unknown
}

/**
 * Lets a character be split over two reads. An @xmpp connection (0.13 and 0.14) decodes every read by itself, so that a
 * character cut by the edge of a TCP segment becomes two replacement characters. Call before the connection starts.
 */
export function keepSplitCharacters(connection: SocketReader): void {
  const read = connection._onData
  let decoder = new StringDecoder('utf8')
  connection.on('connect', () => {
    decoder = new StringDecoder('utf8')
  })
  connection._onData = (data) => {
    read.call(connection, typeof data === 'string' ? data : decoder.write(data))
  }
}
