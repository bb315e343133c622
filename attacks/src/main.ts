import type { Attack } from './attack.ts'
import { closeBrowser } from './cast/browser.ts'
import { attacks } from './catalogue.ts'
import { type ControlFinding, runControl } from './control.ts'
import { elsewhere } from './elsewhere.ts'
import { type Performance, perform } from './perform.ts'
import { elsewhereTable, rowOf, tableOf } from './report.ts'

// `pnpm attacks [--json] [REF …]`: performs every attack against the shipped client, in this process, and against its weakened
// control, each in a process of its own; prints the table. A reference may be the beginning of several.

const CONTROLS_AT_ONCE = 2

const words = process.argv.slice(2).filter((word) => word !== '--')
const json = words.includes('--json')
const refs = words.filter((word) => !word.startsWith('--'))
const asked = ({ ref }: { ref: string }): boolean =>
  refs.length === 0 || refs.some((each) => ref.startsWith(each))
const chosen = attacks.filter(asked)
const there = elsewhere.filter(asked)
if (chosen.length + there.length === 0) {
  const all = [...attacks, ...elsewhere].map(({ ref }) => ref)
  console.error(`no such attack: ${refs.join(' ')}. There are: ${all.join(' ')}`)
  process.exit(2)
}

const controls = async (): Promise<Map<string, ControlFinding>> => {
  const found = new Map<string, ControlFinding>()
  const waiting = [...chosen]
  const work = async (): Promise<void> => {
    for (let attack = waiting.shift(); attack !== undefined; attack = waiting.shift())
      found.set(attack.ref, await runControl(attack))
  }
  await Promise.all(Array.from({ length: CONTROLS_AT_ONCE }, work))
  return found
}

const shipped = async (): Promise<Map<string, Performance | Error>> => {
  const done = new Map<string, Performance | Error>()
  const attempt = (attack: Attack): Promise<Performance | Error> =>
    perform(attack).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
  for (const attack of chosen) done.set(attack.ref, await attempt(attack))
  return done
}

const started = performance.now()
const [performed, controlled] = await Promise.all([shipped(), controls()])
const rows = chosen.map((attack) =>
  rowOf(
    attack,
    performed.get(attack.ref) ?? new Error('never performed'),
    controlled.get(attack.ref) ?? { outcome: 'failed', why: 'never run' },
  ),
)
console.log(json ? JSON.stringify(rows, null, 2) : tableOf(rows))
if (!json && there.length > 0) console.log(elsewhereTable(there))
if (!json) console.log(`in ${((performance.now() - started) / 1000).toFixed(1)} s`)
await closeBrowser()
process.exit(rows.every(({ faults }) => faults.length === 0) ? 0 : 1)
