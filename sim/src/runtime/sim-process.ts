import { AsyncLocalStorage } from 'node:async_hooks'

const current = new AsyncLocalStorage<SimProcess>()

/**
 * A program that can be killed. Whatever starts inside `run`, however far its promises and timers carry it, belongs to the process;
 * nothing that is scheduled for a dead one ever happens.
 */
export class SimProcess {
  readonly name: string
  readonly #onKill: (() => void)[] = []
  #alive = true

  constructor(name: string) {
    this.name = name
  }

  /** The process whose code is running. */
  static get current(): SimProcess | undefined {
    return current.getStore()
  }

  get alive(): boolean {
    return this.#alive
  }

  run<T>(work: () => T): T {
    return current.run(this, work)
  }

  onKill(listener: () => void): void {
    this.#onKill.push(listener)
  }

  kill(): void {
    if (!this.#alive) return
    this.#alive = false
    for (const listener of this.#onKill) listener()
  }
}

/** Runs what belongs to nobody in the simulation: its own bookkeeping. */
export const outsideProcesses = <T>(work: () => T): T => current.exit(work)
