/** Nothing in a signing window counts in the first half second: a click meant for what was there before. */
export const SIGNING_GUARD_MS = 500

export const TOO_SOON = {
  code: 'signing.too_soon',
  message: 'The signing window has only just appeared.',
  fix: 'Read what you sign, then approve.',
} as const

/** Since when a signing window is in view, and when what is clicked in it counts. Times in ms of `performance.now()`. */
export class SigningGuard {
  #shownAt: number | null = null
  #waiting: (() => void)[] = []

  /** The person can see it from now on. */
  shown(now: number): void {
    this.#shownAt = now
    for (const wake of this.#waiting.splice(0)) wake()
  }

  hidden(): void {
    this.#shownAt = null
  }

  counts(now: number): boolean {
    return this.#shownAt !== null && now - this.#shownAt >= SIGNING_GUARD_MS
  }

  /** Resolves once it counts: hidden, or shown anew meanwhile, it waits again. One clock for the page and for who judges its clicks. */
  async untilCounts(now: () => number): Promise<void> {
    while (!this.counts(now())) {
      const shownAt = this.#shownAt
      await new Promise<void>((resolve) => {
        if (shownAt === null) this.#waiting.push(resolve)
        else setTimeout(resolve, Math.max(1, Math.ceil(SIGNING_GUARD_MS - (now() - shownAt))))
      })
    }
  }
}
