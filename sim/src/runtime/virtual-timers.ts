import type { Cancel, Scheduler } from './scheduler.ts'

/** 2026-01-01: where the virtual world begins. */
export const EPOCH_MS = 1_767_225_600_000

class VirtualTimer {
  cancel: Cancel = () => undefined
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  hasRef(): boolean {
    return true
  }
}

let scheduler: Scheduler | null = null

const world = (): Scheduler => {
  if (scheduler === null) throw new Error('a timer was set outside a simulated world')
  return scheduler
}

const after = (delayMs: number | undefined, work: () => void): VirtualTimer => {
  const timer = new VirtualTimer()
  timer.cancel = world().after(Math.max(0, delayMs ?? 0), work)
  return timer
}

type Work = (...args: unknown[]) => void

const clear = (timer: unknown): void => {
  if (timer instanceof VirtualTimer) timer.cancel()
}

const virtual = {
  setTimeout: (work: Work, delayMs?: number, ...args: unknown[]) => after(delayMs, () => work(...args)),
  setImmediate: (work: Work, ...args: unknown[]) => after(0, () => work(...args)),
  setInterval: (work: Work, delayMs?: number, ...args: unknown[]) => {
    const timer = new VirtualTimer()
    const every = Math.max(1, delayMs ?? 1)
    const again = (): void => {
      timer.cancel = world().after(every, () => {
        again()
        work(...args)
      })
    }
    again()
    return timer
  },
  clearTimeout: clear,
  clearImmediate: clear,
  clearInterval: clear,
}

/** Replaces this process's timers and clocks by those of whichever world is entered. For processes that do nothing else. */
export const installVirtualTimers = (): void => {
  Object.assign(globalThis, virtual)
  Date.now = () => EPOCH_MS + Math.floor(scheduler?.now ?? 0)
  performance.now = () => scheduler?.now ?? 0
}

export const enterTime = (next: Scheduler | null): void => {
  scheduler = next
}
