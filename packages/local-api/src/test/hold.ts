/** Holds something back that is asynchronous, so that a test decides what comes between. */
export class Hold {
  #held: Promise<void> | null = null
  #letGo: () => void = () => undefined
  /** How many came and wait. */
  waiting = 0

  /** From now on everything waits. */
  hold(): void {
    this.#held ??= new Promise((resolve) => {
      this.#letGo = resolve
    })
  }

  /** All that waits goes on, in the turn in which it is let go. */
  letGo(): void {
    this.#letGo()
    this.#held = null
    this.waiting = 0
  }

  /** Null where nothing is held back: then nothing is waited for either. */
  pass(): Promise<void> | null {
    if (this.#held !== null) this.waiting += 1
    return this.#held
  }
}
