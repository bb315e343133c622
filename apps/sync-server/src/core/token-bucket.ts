import type { Rate } from './limits.ts'

/** Allows `burst` at once and `perSecond` on average. Time comes from the caller, in milliseconds. */
export class TokenBucket {
  readonly #rate: Rate
  #tokens: number
  #at: number

  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#at = now
  }

  /** Takes `cost` if it is there; a cost above the burst never is. */
  take(cost: number, now: number): boolean {
    const elapsedMs = Math.max(0, now - this.#at)
    this.#at = now
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + (elapsedMs * this.#rate.perSecond) / 1000)
    if (cost > this.#tokens) return false
    this.#tokens -= cost
    return true
  }
}

/** Buckets by key, bounded: past `limit` keys the oldest starts afresh. */
export class TokenBuckets {
  readonly #rate: Rate
  readonly #limit: number
  readonly #buckets = new Map<string, TokenBucket>()

  constructor(rate: Rate, limit = 10_000) {
    this.#rate = rate
    this.#limit = limit
  }

  take(key: string, cost: number, now: number): boolean {
    let bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      const oldest = this.#buckets.keys().next()
      if (this.#buckets.size >= this.#limit && !oldest.done) this.#buckets.delete(oldest.value)
      bucket = new TokenBucket(this.#rate, now)
      this.#buckets.set(key, bucket)
    }
    return bucket.take(cost, now)
  }
}
