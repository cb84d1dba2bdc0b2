import { messageOf } from '../bytestream/failure.ts'
import { DialFailure, type DialStage } from './socks5-client.ts'
import type { Streamhost } from './streamhost.ts'

/** How a file's bytes travel. */
export type Method = 's5b' | 'ibb' | 'oob'

/** How a file is offered. */
export type Protocol = 'jingle' | 'si' | 'oob'

/** What happens during a transfer, for whoever wants to show it. */
export type TransferEvent =
  /** One of the fifteen steps of a mediated bytestream, when it is done. `from` and `to` are JIDs or addresses. */
  | { event: 'step'; step: number; does: string; from: string; to: string; detail?: string }
  /** A file was offered: by us, or to us. */
  | {
      event: 'offered'
      protocol: Protocol
      sid: string
      name: string
      size: number
      peer: string
      methods: readonly Method[]
    }
  /** The offer was accepted; bytes before `offset` are already there. */
  | { event: 'accepted'; sid: string; method: Method; offset: number }
  /** A streamhost could not be joined; the next one is tried. */
  | { event: 'streamhost-failed'; streamhost: Streamhost; reason: string; stage?: DialStage; reply?: number }
  /** The way the bytes take, decided. `streamhost` is absent for in-band and out-of-band. */
  | { event: 'connected'; method: Method; streamhost?: Streamhost; direct?: boolean }
  /** One method did not work; another offer follows. */
  | { event: 'fallback'; from: Method; to: Method; reason: string }
  /** Bytes of the file that are at the other end (sender) or here (receiver), from its beginning. */
  | { event: 'progress'; bytes: number; size: number }

export type OnTransferEvent = (event: TransferEvent) => void

/** What a finished transfer was. */
export interface TransferSummary {
  readonly name: string
  readonly size: number
  readonly peer: string
  readonly method: Method
  readonly streamhost?: Streamhost
  /** Bytes that travelled this time: less than `size` after a resumption. */
  readonly transferredBytes: number
  /** Of the whole file, in lowercase hex. */
  readonly sha256: string
}

/** The fifteen steps, each with what it does, in the order of XEP-0065's mediated flow. */
export const steps: Readonly<Record<number, string>> = {
  1: 'ask the target what it supports',
  2: 'target supports bytestreams',
  3: 'ask the server for its services',
  4: 'server lists its services',
  5: 'ask a service whether it is a proxy',
  6: 'it is a proxy',
  7: 'ask the proxy for its address',
  8: 'proxy tells its address',
  9: 'offer the streamhosts to the target',
  10: 'target joins a streamhost',
  11: 'target tells which streamhost it used',
  12: 'requester joins the same streamhost',
  13: 'ask the proxy to activate',
  14: 'proxy has joined both sides',
  15: 'bytes flow',
}

/** Builds the event of one step. */
export function stepEvent(step: number, from: string, to: string, detail?: string): TransferEvent {
  return { event: 'step', step, does: steps[step] ?? '', from, to, ...(detail !== undefined && { detail }) }
}

/** Builds the event of a streamhost that could not be joined. */
export function streamhostFailed(streamhost: Streamhost, error: unknown): TransferEvent {
  const reason = messageOf(error)
  const { stage, reply } = error instanceof DialFailure ? error : {}
  return {
    event: 'streamhost-failed',
    streamhost,
    reason,
    ...(stage !== undefined && { stage }),
    ...(reply !== undefined && { reply }),
  }
}
