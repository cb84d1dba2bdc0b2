/**
 * How two relays open a trunk, before its first byte of payload:
 *
 *     owner → holder   MAGIC, then the ticket of the Handoff call
 *     holder → owner   READY: the half is reserved for this trunk (or the connection closes)
 *     owner → holder   GO: both halves are there
 *     holder → owner   JOINED: the stream is whole; from here on everything is payload
 *
 * Without GO the holder's half goes back to waiting, and without JOINED the owner's, so that a handoff that fails costs
 * nobody a stream. Only a JOINED that is lost costs the holder's client its half, of which no byte has gone anywhere: it is
 * told by a reset, for whoever says GO or JOINED sees to it first that nothing but a reset can end the connection early.
 * JOINED is left out when either relay does not know it: both say in the Handoff call whether they do.
 */
export const MAGIC: Buffer = Buffer.from('S65TRNK1', 'latin1')

/** 256 random bits. */
export const TICKET_BYTES = 32

export const READY: Buffer = Buffer.from([0x01])

export const GO: Buffer = Buffer.from([0x02])

export const JOINED: Buffer = Buffer.from([0x03])
