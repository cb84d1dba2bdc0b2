/**
 * The sockets of a relay, clients' and trunks', bounded. What is held or joined is counted where it is held and joined;
 * handshakes are counted here.
 */
export class SocketCount {
  /** How many there may be. */
  readonly capacity: number
  readonly #established: () => number
  #negotiating = 0

  constructor(capacity: number, established: () => number) {
    this.capacity = capacity
    this.#established = established
  }

  get open(): number {
    return this.#negotiating + this.#established()
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
