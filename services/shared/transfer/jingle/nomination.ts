import type { Role } from './jingle.ts'
import type { Candidate } from './socks-transport.ts'

/** The candidate that both sides will use, and who offered it. */
export interface Nomination {
  readonly candidate: Candidate
  readonly owner: 'us' | 'peer'
}

/**
 * Which candidate counts (XEP-0260 §2.4): `joined` is the peer's that we joined, `taken` the one of ours that the peer
 * joined. The higher priority wins, and of equal ones what the initiator joined. Undefined when nobody joined any.
 */
export function nominate(
  role: Role,
  joined: Candidate | undefined,
  taken: Candidate | undefined,
): Nomination | undefined {
  const byUs: Nomination | undefined = joined && { candidate: joined, owner: 'peer' }
  const byPeer: Nomination | undefined = taken && { candidate: taken, owner: 'us' }
  if (!joined || !taken) return byUs ?? byPeer
  return outranks(role, joined, taken) ? byUs : byPeer
}

/** Whether joining `candidate` would win over the peer's having joined `taken`. */
export function outranks(role: Role, candidate: Candidate, taken: Candidate): boolean {
  if (candidate.priority !== taken.priority) return candidate.priority > taken.priority
  return role === 'initiator'
}
