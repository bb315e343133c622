import type { CallerFinder, SeenExecutable } from './caller-finder.ts'

/** A program may become another by exec, or hand its socket on: it is looked at again this often. */
export const CALLER_FRESH_MS = 50

const MAX_KEPT = 256

/**
 * When each program was last seen to run what it ran, shared by its connections: a program with many is looked at once every 50 ms, not
 * once for each. Whose a connection is, each asks for itself.
 */
export class ProgramLooks {
  readonly #finder: Pick<CallerFinder, 'runsSameFile'>
  readonly #seenAt = new Map<string, number>()

  constructor(finder: Pick<CallerFinder, 'runsSameFile'>) {
    this.#finder = finder
  }

  /** When, at most 50 ms before `now`, the program was seen to run what it ran; undefined where it no longer does. Times in ms. */
  lookedAt(seen: SeenExecutable, now: number): number | undefined {
    const key = `${seen.process.pid} ${seen.process.startTime} ${seen.file}`
    const before = this.#seenAt.get(key)
    if (before !== undefined && now >= before && now - before < CALLER_FRESH_MS) return before
    this.#seenAt.delete(key)
    if (!this.#finder.runsSameFile(seen)) return undefined
    if (this.#seenAt.size >= MAX_KEPT) this.#seenAt.clear()
    this.#seenAt.set(key, now)
    return now
  }
}
