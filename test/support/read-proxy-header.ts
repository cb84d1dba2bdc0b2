import { type HeaderStep, ProxyHeader } from '../../services/relay/proxy-protocol/header.ts'

/** Feeds the pieces until the header is over; pieces behind that belong to its rest, as the listener sees to. */
export function readProxyHeader(...pieces: readonly Buffer[]): HeaderStep | undefined {
  const header = new ProxyHeader()
  for (const [i, piece] of pieces.entries()) {
    const step = header.push(piece)
    if (step?.step === 'read') return { ...step, rest: Buffer.concat([step.rest, ...pieces.slice(i + 1)]) }
    if (step) return step
  }
  return undefined
}
