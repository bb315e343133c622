import { fileURLToPath } from 'node:url'

/** Where `weaken-hook.ts` finds its edits, as JSON; children of a process inherit it. */
export const WEAKENING_VARIABLE = 'COUNTERSIGN_ATTACKS_WEAKEN'
export const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** Files of edits that no module load met so far; undefined where no hook is loaded. */
export const notApplied = (): readonly string[] | undefined => {
  const asked: unknown = Reflect.get(globalThis, Symbol.for('countersign.attacks.applied'))
  return typeof asked === 'function' ? asked() : undefined
}
