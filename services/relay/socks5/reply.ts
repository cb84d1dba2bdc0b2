/** RFC 1928 §6 reply codes that a relay gives. */
export const rep = {
  succeeded: 0x00,
  generalFailure: 0x01,
  notAllowed: 0x02,
  commandNotSupported: 0x07,
  addressTypeNotSupported: 0x08,
} as const

export type Rep = (typeof rep)[keyof typeof rep]

/** Method selection: no authentication required (RFC 1928 §3). */
export const methodNone = Buffer.from([0x05, 0x00])

/** Method selection: none of the offered methods is acceptable; the connection closes. */
export const methodUnacceptable = Buffer.from([0x05, 0xff])

const anyAddress = Buffer.from([0x01, 0, 0, 0, 0, 0, 0])

/**
 * A reply to a CONNECT. `address` is ATYP, DST.ADDR and DST.PORT as the client sent them and comes back byte for byte
 * (XEP-0065 §6.3.2: clients compare it); without one, or where it could not be read, the reply names 0.0.0.0:0.
 */
export function formatReply(code: Rep, address: Buffer = anyAddress): Buffer {
  return Buffer.concat([Buffer.from([0x05, code, 0x00]), address])
}
