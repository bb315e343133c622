import { setTimeout as sleep } from 'node:timers/promises'

export interface UntilOptions {
  /** What is waited for, for the error. */
  what: string
  timeoutMs?: number
  everyMs?: number
}

/** Asks again and again until the answer is neither null nor false; throws when the time is over. */
export const until = async <T>(
  ask: () => Promise<T | null | false> | T | null | false,
  { what, timeoutMs = 20_000, everyMs = 25 }: UntilOptions,
): Promise<T> => {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== null && answer !== false) return answer
    if (performance.now() >= deadline) throw new Error(`waited ${timeoutMs / 1000} s in vain: ${what}`)
    await sleep(everyMs)
  }
}
