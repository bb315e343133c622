import { afterAll, describe, expect, it } from 'vitest'
import type { Attack } from './attack.ts'
import { closeBrowser } from './cast/browser.ts'
import { controlFaults, runControl } from './control.ts'
import { faultsOf, perform } from './perform.ts'

/** One test a row: the shipped client refuses the attack, and the weakened one does not. */
export const attackTests = (name: string, attacks: readonly Attack[]): void => {
  describe(name, () => {
    afterAll(closeBrowser)
    it.each(attacks.map((attack) => [attack.ref, attack.title, attack] as const))(
      '%s %s',
      async (_ref, _title, attack) => {
        const [shipped, control] = await Promise.all([perform(attack), runControl(attack)])
        expect(faultsOf(attack, shipped)).toEqual([])
        expect(controlFaults(control)).toEqual([])
      },
    )
  })
}
