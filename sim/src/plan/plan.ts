import { SeededRandom } from '../runtime/seeded-random.ts'
import { ACTIONS, type ActionName } from './actions.ts'
import { FAULTS, type FaultName } from './faults.ts'
import { HOSTILITIES, type HostilityName } from './hostilities.ts'

/** One thing that happens at a time; `chance` names the stream that its details come from. */
export interface PlanEvent {
  readonly at: number
  readonly kind: 'action' | 'fault' | 'hostility'
  readonly name: ActionName | FaultName | HostilityName
  readonly chance: string
}

export interface Plan {
  readonly seed: number
  /** Which founded team the run starts from. */
  readonly founding: number
  readonly nodes: number
  /** ms of the network between everybody and the server. */
  readonly latencyMs: number
  readonly hostile: HostilityName | null
  readonly events: readonly PlanEvent[]
  /** From here on nothing bad happens any more. */
  readonly calmAt: number
}

const ACTIVE_MS = 120_000
const FIRST_MS = 3_000

const weighted = <N extends string>(
  table: Readonly<Record<N, { weight: number }>>,
  random: SeededRandom,
): N => {
  const names = Object.keys(table) as N[]
  const total = names.reduce((sum, name) => sum + table[name].weight, 0)
  let at = random.fraction() * total
  for (const name of names) {
    at -= table[name].weight
    if (at < 0) return name
  }
  return names[0] as N
}

/** Everything that is going to happen in a run, from its seed alone. `keep`: only the events with these numbers. */
export const planOf = (seed: number, foundings: number, keep?: ReadonlySet<number>): Plan => {
  const random = new SeededRandom(`plan ${seed}`)
  const hostile = random.chance(0.3) ? weighted(HOSTILITIES, random) : null
  const plan = {
    seed,
    founding: random.int(0, foundings),
    nodes: random.chance(0.4) ? 2 : 1,
    latencyMs: random.chance(0.2) ? random.int(100, 1500) : random.int(1, 60),
    hostile,
    calmAt: FIRST_MS + ACTIVE_MS,
  }
  const events: PlanEvent[] = []
  const faultShare = random.chance(0.15) ? 0 : 0.2 + random.fraction() * 0.35
  const count = random.int(20, 55)
  for (let i = 0; i < count; i++) {
    // Some come in bursts: races need company.
    const before = events.at(-1)
    const near = before !== undefined && random.chance(0.35)
    const at = near ? before.at + random.int(0, 800) : FIRST_MS + random.int(0, ACTIVE_MS)
    const isFault = random.chance(faultShare)
    const kind = isFault ? ('fault' as const) : ('action' as const)
    const name = isFault ? weighted(FAULTS, random) : weighted(ACTIONS, random)
    events.push({ at, kind, name, chance: `${seed}/${i}` })
  }
  if (hostile !== null) {
    const at = FIRST_MS + random.int(ACTIVE_MS / 4, (ACTIVE_MS * 3) / 4)
    events.push({ at, kind: 'hostility', name: hostile, chance: `${seed}/hostile` })
  }
  const inOrder = events
    .map((event, number) => ({ event, number }))
    .sort((a, b) => a.event.at - b.event.at || a.number - b.number)
    .map(({ event }) => event)
  return { ...plan, events: inOrder.filter((_, number) => keep === undefined || keep.has(number)) }
}
