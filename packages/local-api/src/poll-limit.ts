const OF_ALL = 200
const OF_A_BINDING = 4

/** Polls that wait. One binding's leave room for the others'; whoever does not wait takes none. */
export class PollLimit {
  readonly #open = new Map<string, number>()
  #all = 0

  get size(): number {
    return this.#all
  }

  /** Whether another may wait; if so, it does until `end`. */
  begin(binding: string): boolean {
    const own = this.#open.get(binding) ?? 0
    if (this.#all >= OF_ALL || own >= OF_A_BINDING) return false
    this.#open.set(binding, own + 1)
    this.#all += 1
    return true
  }

  end(binding: string): void {
    const own = this.#open.get(binding) ?? 0
    if (own <= 1) this.#open.delete(binding)
    else this.#open.set(binding, own - 1)
    this.#all -= 1
  }
}
