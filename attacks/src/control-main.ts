import { attackOf } from './catalogue.ts'
import { perform } from './perform.ts'
import { notApplied } from './weakening.ts'

// `node --import=weaken-hook.ts control-main.ts REF`: performs one attack here and prints what came of it as one line of JSON.

const attack = attackOf(process.argv[2] ?? '')
const { finding } = await perform(attack)
const missed = notApplied()
if (missed === undefined || missed.length > 0) {
  console.error(`not weakened: ${missed?.join(', ') ?? 'no hook'} was never loaded`)
  process.exit(1)
}
process.stdout.write(`${JSON.stringify(finding)}\n`, () => process.exit(0))
