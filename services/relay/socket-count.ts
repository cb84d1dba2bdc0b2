/** From here on clients that are slow with their handshake have less time for it. */
const PRESSED = 0.8
/** From here on the relay asks for no new clients, until it is down to the second. */
const FULL = 0.95
const NO_LONGER_FULL = 0.9

/**
 * The sockets of a relay, clients' and trunks', bounded. What is held or joined is counted where it is held and joined;
 * handshakes are counted here.
 */
export class SocketCount {
  /** How many there may be. */
  readonly capacity: number
  readonly #established: () => number
  #negotiating = 0
  #full = false

  constructor(capacity: number, established: () => number) {
    this.capacity = capacity
    this.#established = established
  }

  get open(): number {
    return this.#negotiating + this.#established()
  }

  /** Whether slow handshakes cost others their place: above 80 % of the capacity. */
  get pressed(): boolean {
    return this.open >= PRESSED * this.capacity
  }

  /** Whether new clients had better go elsewhere: from 95 % of the capacity until it is down to 90 %. */
  get full(): boolean {
    this.#full = this.open >= (this.#full ? NO_LONGER_FULL : FULL) * this.capacity
    return this.#full
  }

  /** Counts a handshake until it is given back; false when there is no place for it. */
  take(): boolean {
    if (this.open >= this.capacity) return false
    this.#negotiating += 1
    return true
  }

  /** The handshake is over: refused, or established and counted there. */
  giveBack(): void {
    this.#negotiating -= 1
  }
}
