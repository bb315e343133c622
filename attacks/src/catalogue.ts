import type { Attack } from './attack.ts'
import { ciphertexts } from './rows/ciphertexts.ts'
import { downgrades } from './rows/downgrades.ts'
import { injected } from './rows/injected.ts'
import { keysSubstituted } from './rows/keys-substituted.ts'
import { parametersLowered } from './rows/parameters-lowered.ts'
import { serverNamesRecipients } from './rows/server-names-recipients.ts'

/** Every attack, in the order of the table. */
export const attacks: readonly Attack[] = [
  ...serverNamesRecipients,
  ...ciphertexts,
  ...injected,
  ...keysSubstituted,
  ...parametersLowered,
  ...downgrades,
]

export const attackOf = (ref: string): Attack => {
  const found = attacks.find((each) => each.ref === ref)
  if (found === undefined) throw new Error(`there is no attack ${ref}`)
  return found
}
