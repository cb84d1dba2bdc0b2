import { randomBytes } from 'node:crypto'
import type { Parcel, ParcelOutcome } from '../../services/courier/parcels/parcel.ts'
import type { Lease, LeaseTerms, Notice } from '../../services/courier/records/records.ts'
import { Failure } from '../../services/shared/bytestream/failure.ts'

/** A stored parcel for tests, from alice to bob unless said otherwise. */
export function storedParcel(given: Partial<Parcel> = {}): Parcel {
  const id = randomBytes(16).toString('base64url')
  return {
    id,
    sender: 'alice@example.com',
    recipient: 'bob@example.com',
    name: 'report.pdf',
    size: 1_000,
    mediaType: 'application/pdf',
    state: 'stored',
    blob: `blob-${id}`,
    sha256: '00'.repeat(32),
    linkKey: randomBytes(24).toString('base64url'),
    offeredAt: new Date('2026-01-01T10:00:00Z'),
    storedAt: new Date('2026-01-01T10:00:05Z'),
    expiresAt: new Date('2026-01-15T10:00:00Z'),
    downloads: 0,
    attempts: 0,
    linkReturns: 0,
    ...given,
  }
}

/** What a delivery needs of the records, in memory: parcels in the order in which they were put. */
export class ParcelShelf {
  readonly #parcels = new Map<string, Parcel>()
  readonly #leases = new Map<string, Lease>()
  readonly notices: Notice[] = []
  #fence = 0
  /** What was done, in order: `attempt ID`, `linked ID`, `declined ID`, `delivered ID` … */
  readonly story: string[] = []

  put(...parcels: readonly Parcel[]): void {
    for (const parcel of parcels) this.#parcels.set(parcel.id, parcel)
  }

  async find(id: string): Promise<Parcel | undefined> {
    return this.#parcels.get(id)
  }

  async waitingFor(recipient: string): Promise<Parcel[]> {
    return this.#waiting().filter((parcel) => parcel.recipient === recipient)
  }

  async recipients(): Promise<string[]> {
    return [...new Set(this.#waiting().flatMap(({ recipient }) => recipient ?? []))]
  }

  async take(name: string, { holder }: LeaseTerms): Promise<Lease | undefined> {
    if (this.#leases.has(name)) return undefined
    const lease = { name, holder, fence: ++this.#fence }
    this.#leases.set(name, lease)
    return lease
  }

  async renew(lease: Lease): Promise<boolean> {
    return this.#leases.get(lease.name)?.fence === lease.fence
  }

  async release(lease: Lease): Promise<void> {
    if (await this.renew(lease)) this.#leases.delete(lease.name)
  }

  /** Gives a lease to somebody else, as if it had run out. */
  async usurp(name: string): Promise<void> {
    this.#leases.delete(name)
    await this.take(name, { holder: 'usurper', forMs: 0 })
  }

  async noteAttempt(lease: Lease): Promise<void> {
    this.#change('attempt', lease, ({ attempts }) => ({ attempts: attempts + 1 }))
  }

  async noteLinked(lease: Lease, returns: number): Promise<void> {
    this.#change('linked', lease, ({ linkReturns }) => (linkReturns === returns ? { linkedAt: new Date() } : {}))
  }

  async noteDeclined(lease: Lease): Promise<void> {
    this.#change('declined', lease, () => ({ declinedAt: new Date() }))
  }

  async noteUnlinked(id: string): Promise<boolean> {
    const parcel = this.#parcels.get(id)
    if (parcel?.state !== 'stored') return false
    const { linkedAt: _, ...rest } = parcel
    this.put({ ...rest, linkReturns: rest.linkReturns + 1 })
    this.story.push(`unlinked ${id}`)
    return true
  }

  async end(id: string, outcome: ParcelOutcome, lease?: Lease): Promise<boolean> {
    const parcel = this.#parcels.get(id)
    if (!parcel || parcel.state === 'ended') return false
    if (lease) this.#demand(lease)
    this.put({ ...parcel, state: 'ended', outcome })
    this.story.push(`${outcome} ${id}`)
    return true
  }

  async takeNotices({ limit }: { readonly forMs: number; readonly limit: number }): Promise<Notice[]> {
    return this.notices.slice(0, limit)
  }

  async noticeSent(id: string): Promise<void> {
    const index = this.notices.findIndex((notice) => notice.id === id)
    if (index >= 0) this.notices.splice(index, 1)
    this.story.push(`told ${id}`)
  }

  #waiting(): Parcel[] {
    return [...this.#parcels.values()].filter(({ state }) => state === 'stored')
  }

  #change(what: string, lease: Lease, change: (parcel: Parcel) => Partial<Parcel>): void {
    this.#demand(lease)
    const id = lease.name.slice('parcel/'.length)
    const parcel = this.#parcels.get(id)
    if (!parcel) throw new Failure('not-found', `There is no parcel ${id}`)
    this.put({ ...parcel, ...change(parcel) })
    this.story.push(`${what} ${id}`)
  }

  #demand(lease: Lease): void {
    if (this.#leases.get(lease.name)?.fence !== lease.fence) {
      throw new Failure('taken', `The lease of ${lease.name} was lost`)
    }
  }
}
