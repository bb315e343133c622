const MAX_WAITING = 30
const MAX_PER_PROGRAM = 5
const WINDOW_MS = 60_000
const MAX_PER_WINDOW = 10

/**
 * Keeps a program from tiring approvers out: few requests may wait at a time, and few may be made in a minute, whatever became of
 * them. Programs are told apart by what was seen of them.
 */
export class RequestStorm {
  readonly #waiting = new Map<string, string>()
  readonly #made = new Map<string, number[]>()

  /** ms to wait, or null: go ahead. `isWaiting` says whether an earlier request still is. */
  refuse(program: string, now: number, isWaiting: (binding: string) => boolean): number | null {
    for (const binding of this.#waiting.keys()) if (!isWaiting(binding)) this.#waiting.delete(binding)
    for (const [name, times] of this.#made) {
      const recent = times.filter((time) => now - time < WINDOW_MS)
      if (recent.length === 0) this.#made.delete(name)
      else this.#made.set(name, recent)
    }
    const mine = [...this.#waiting.values()].filter((each) => each === program).length
    if (mine >= MAX_PER_PROGRAM || this.#waiting.size >= MAX_WAITING) return WINDOW_MS
    const made = this.#made.get(program) ?? []
    if (made.length >= MAX_PER_WINDOW) return WINDOW_MS - (now - (made[0] ?? now))
    this.#made.set(program, [...made, now])
    return null
  }

  waits(binding: string, program: string): void {
    this.#waiting.set(binding, program)
  }
}
