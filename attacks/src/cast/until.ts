import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 15_000

/** Waits for something to be so; throws where it never is. */
export const until = async (
  what: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> => {
  const deadline = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`)
    await sleep(5)
  }
}
