import { randomBytes } from '@countersign/crypto/random'

const TURN_MS = 5 * 60_000
const TURN_PROOFS = 10_000
/** A nonce that is no longer given out is still taken for as many proofs as were under way. */
const MOST_PROOFS = 2 * TURN_PROOFS

interface Turn {
  readonly nonce: string
  readonly began: number
  readonly taken: Set<string>
}

/**
 * The nonces that proofs are signed under (RFC 9449 §8), and which proofs were taken under each: none is taken twice, and none that was
 * signed before this process began. The one before the present one still counts, so that no program is refused for being slow.
 */
export class ProofNonces {
  readonly #now: () => number
  /** Begun when first asked for: most installations have no program with keys. */
  #present: Turn | null = null
  #before: Turn | null = null

  /** `now`: milliseconds of a clock that does not jump. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  current(): string {
    const present = this.#present
    if (present !== null && this.#now() - present.began < TURN_MS && present.taken.size < TURN_PROOFS)
      return present.nonce
    // One that nobody asked for in a while is no longer the one before.
    const recent = present !== null && this.#now() - present.began < 2 * TURN_MS
    this.#before = recent ? present : null
    this.#present = this.#begin()
    return this.#present.nonce
  }

  valid(): readonly string[] {
    const current = this.current()
    return this.#before === null ? [current] : [current, this.#before.nonce]
  }

  /** `stale`: too many were taken under it, another one is given out. */
  take(nonce: string, jti: string): 'taken' | 'replayed' | 'stale' {
    const turn = [this.#present, this.#before].find((each) => each?.nonce === nonce)
    if (turn == null || turn.taken.size >= MOST_PROOFS) return 'stale'
    if (turn.taken.has(jti)) return 'replayed'
    turn.taken.add(jti)
    return 'taken'
  }

  #begin(): Turn {
    return {
      nonce: Buffer.from(randomBytes(16)).toString('base64url'),
      began: this.#now(),
      taken: new Set(),
    }
  }
}
