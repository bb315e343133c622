const BURST = 30
const PER_SECOND = 2

/**
 * A bucket for tokens that were wrong, for all of loopback together: a guesser cannot be told from others there. Correct tokens never
 * pass through it, so nobody can lock a working program out.
 */
export class BadTokenLimit {
  #tokens = BURST
  #at: number

  constructor(now: number) {
    this.#at = now
  }

  /** Counts one; null: answer as usual; else ms to name in Retry-After. */
  count(now: number): number | null {
    this.#tokens = Math.min(BURST, this.#tokens + (Math.max(0, now - this.#at) * PER_SECOND) / 1000)
    this.#at = now
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / PER_SECOND)
    this.#tokens -= 1
    return null
  }
}
