import { createHmac, timingSafeEqual } from 'node:crypto'
import { shownToken, tokensOf } from '../rpc/tokens.ts'
import type { RelayRecord } from './registry.ts'

/** Why a record is not believed: nobody sealed it, somebody without our token did, or it is an old one put back. */
export const sealFaults = ['unsealed', 'forged', 'stale'] as const
export type SealFault = (typeof sealFaults)[number]

/**
 * How far a seal's time may be from ours. Relays seal anew with every heartbeat; this is for clocks that differ, and
 * bounds how long the address of a relay that is gone can be put back.
 */
const LEEWAY_MS = 15 * 60_000

/**
 * The record with a seal over its name, its addresses and the present time. The key is the token that control and
 * relays share, so whoever can write to the registry but lacks the token can lead nobody anywhere. Without a token
 * there is no secret that a false address could learn, and no seal.
 */
export function sealRelay(relay: RelayRecord, rpcToken: string | undefined, nowMs: number): RelayRecord {
  if (!rpcToken) return relay
  return { ...relay, seal: { atMs: nowMs, mac: macOf(relay, shownToken(rpcToken), nowMs).toString('base64url') } }
}

/** What is wrong with a record's seal; undefined when it is one of ours, and where there is no token. */
export function sealFaultOf(relay: RelayRecord, rpcToken: string | undefined, nowMs: number): SealFault | undefined {
  if (!rpcToken) return undefined
  const { seal } = relay
  if (!seal) return 'unsealed'
  const given = Buffer.from(seal.mac, 'base64url')
  const ours = tokensOf(rpcToken).some((token) => {
    const right = macOf(relay, token, seal.atMs)
    return given.length === right.length && timingSafeEqual(given, right)
  })
  if (!ours) return 'forged'
  return Math.abs(nowMs - seal.atMs) > LEEWAY_MS ? 'stale' : undefined
}

function macOf({ name, rpcAddress, streamhost }: RelayRecord, token: string, atMs: number): Buffer {
  const sealed = ['relay record', name, rpcAddress, streamhost?.host ?? null, streamhost?.port ?? null, atMs]
  return createHmac('sha256', token).update(JSON.stringify(sealed)).digest()
}
