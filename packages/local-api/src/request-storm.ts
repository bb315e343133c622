const WINDOW_MS = 60_000

/** How many requests may wait at a time, and be made within a minute whatever became of them. */
interface Limit {
  readonly waiting: number
  readonly made: number
}
const OF_A_NAME: Limit = { waiting: 5, made: 10 }
/** Whatever names it gives itself: the name is what a program likes to say. */
const OF_A_PROGRAM: Limit = { waiting: 15, made: 30 }
const OF_ALL: Limit = { waiting: 30, made: 60 }
/** A few programs that ask for much leave so much more to those that asked for nothing yet. */
const FOR_NEWCOMERS: Limit = { waiting: 15, made: 30 }

/** `seen`: what the system tells of the program; `name`: what it calls itself. */
export interface AskingProgram {
  readonly seen: string
  readonly name: string
}

/** What a request counts under: its name, its program, everybody. */
const keysOf = ({ seen, name }: AskingProgram): readonly [string, string, string] => [
  `${seen}\n${name}`,
  seen,
  '',
]

/** Keeps programs from tiring approvers out. Programs are told apart by what was seen of them, then by their names. */
export class RequestStorm {
  /** Binding → the keys it counts under. */
  readonly #waiting = new Map<string, readonly string[]>()
  readonly #made = new Map<string, number[]>()
  /** The very same request of the very same process → its binding; null while that is being made. */
  readonly #alike = new Map<string, string | null>()

  /** ms to wait, or null: go ahead. `isWaiting` says whether an earlier request still is. */
  refuse(program: AskingProgram, now: number, isWaiting: (binding: string) => boolean): number | null {
    this.#forget(now, isWaiting)
    const keys = keysOf(program)
    const limits = [OF_A_NAME, OF_A_PROGRAM, this.#ofAll(program)] as const
    const wait = Math.max(...limits.map((limit, at) => this.#waitFor(keys[at] ?? '', limit, now)))
    if (wait === 0) for (const key of keys) this.#made.set(key, [...(this.#made.get(key) ?? []), now])
    return wait === 0 ? null : wait
  }

  waits(binding: string, program: AskingProgram): void {
    this.#waiting.set(binding, keysOf(program))
  }

  /** False where a process asks for what it is asking for already: approvers are shown one request, not two. */
  begin(key: string, isWaiting: (binding: string) => boolean): boolean {
    for (const [each, binding] of this.#alike)
      if (binding !== null && !isWaiting(binding)) this.#alike.delete(each)
    if (this.#alike.has(key)) return false
    this.#alike.set(key, null)
    return true
  }

  /** What came of it; null: no request was made. */
  end(key: string, binding: string | null): void {
    if (binding === null) this.#alike.delete(key)
    else this.#alike.set(key, binding)
  }

  #ofAll({ seen }: AskingProgram): Limit {
    const asked = this.#made.has(seen) || [...this.#waiting.values()].some((keys) => keys.includes(seen))
    if (asked) return OF_ALL
    return { waiting: OF_ALL.waiting + FOR_NEWCOMERS.waiting, made: OF_ALL.made + FOR_NEWCOMERS.made }
  }

  #waitFor(key: string, limit: Limit, now: number): number {
    const waiting = [...this.#waiting.values()].filter((keys) => keys.includes(key)).length
    if (waiting >= limit.waiting) return WINDOW_MS
    const made = this.#made.get(key) ?? []
    return made.length >= limit.made ? Math.max(1, WINDOW_MS - (now - (made[0] ?? now))) : 0
  }

  #forget(now: number, isWaiting: (binding: string) => boolean): void {
    for (const binding of this.#waiting.keys()) if (!isWaiting(binding)) this.#waiting.delete(binding)
    for (const [key, times] of this.#made) {
      const recent = times.filter((time) => now - time < WINDOW_MS)
      if (recent.length === 0) this.#made.delete(key)
      else this.#made.set(key, recent)
    }
  }
}
