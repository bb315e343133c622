import { fileURLToPath } from 'node:url'
import type { Edit } from './attack.ts'

/** Where `weaken-hook.ts` finds its edits, as JSON; children of a process inherit it. */
export const WEAKENING_VARIABLE = 'COUNTERSIGN_ATTACKS_WEAKEN'
export const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** Files of edits that no module load met so far; undefined where no hook is loaded. */
export const notApplied = (): readonly string[] | undefined => {
  const asked: unknown = Reflect.get(globalThis, Symbol.for('countersign.attacks.applied'))
  return typeof asked === 'function' ? asked() : undefined
}

/** @throws where the piece does not stand in the text exactly once: elsewhere it would weaken nothing, or more than is meant */
export const weaken = (text: string, { file, find, replace }: Edit): string => {
  const parts = text.split(find)
  if (parts.length !== 2)
    throw new Error(`the weakening of ${file} fits in ${parts.length - 1} places, not in one: ${find}`)
  return parts.join(replace)
}
