import { activeMachines } from '../invariants/active-machines.ts'
import { checkEnd } from '../invariants/check-end.ts'
import { checkForks } from '../invariants/check-forks.ts'
import { checkRollback } from '../invariants/check-rollback.ts'
import { checkStep } from '../invariants/check-step.ts'
import type { Violation } from '../invariants/violation.ts'
import { ACTIONS } from '../plan/actions.ts'
import { FAULTS } from '../plan/faults.ts'
import { HOSTILITIES } from '../plan/hostilities.ts'
import { type Plan, type PlanEvent, planOf } from '../plan/plan.ts'
import { SeededRandom } from '../runtime/seeded-random.ts'
import { runPrograms } from '../team/run-programs.ts'
import { converged, waitsFor } from './converged.ts'
import { FOUNDINGS, foundWorld } from './found-world.ts'
import { World } from './world.ts'

const TICK_MS = 1000
const PROGRAM_MS = 2000
/** How long everybody may take to agree once nothing goes wrong any more. */
const CONVERGE_MS = 240_000
/** Reads are over by then; what they left behind in the audit is sent. */
const REST_MS = 5_000

export interface SeedResult {
  readonly seed: number
  readonly violation: Violation | null
  readonly digest: string
  /** Events of virtual time that happened. */
  readonly events: number
  readonly planned: number
  readonly virtualMs: number
  /** Entries on the server, acknowledged appends, served reads, grants, alarms, crashes: what the run got to. */
  readonly reached: Readonly<Record<string, number>>
}

export interface RunOptions {
  readonly keep?: ReadonlySet<number>
  readonly onLine?: (line: string) => void
}

const foundings = new Map<number, Promise<World>>()

/** Each kind of team is founded once a process: the founding follows from its number alone, so every run finds the same. */
const founded = (number: number): Promise<World> => {
  const known = foundings.get(number)
  if (known !== undefined) return known
  const founding = FOUNDINGS[number]
  if (founding === undefined) throw new Error(`there is no founding ${number}`)
  const world = new World({ name: `founding ${number}` })
  const made = foundWorld(world, founding).then(() => {
    for (const machine of world.machines.values()) machine.stop('program')
    world.server.stop('program')
    return world
  })
  foundings.set(number, made)
  return made
}

const perform = (world: World, event: PlanEvent): void => {
  const random = new SeededRandom(event.chance)
  if (event.kind === 'fault') FAULTS[event.name as keyof typeof FAULTS].run(world, random)
  else if (event.kind === 'action') ACTIONS[event.name as keyof typeof ACTIONS].run(world, random)
  else HOSTILITIES[event.name as keyof typeof HOSTILITIES].run(world, random)
}

/** Time passes in steps of a second at most, with a look at everybody after each. */
const pass = async (world: World, until: number): Promise<void> => {
  while (world.oracle.violation === null && world.scheduler.now < until) {
    await world.scheduler.runUntil(Math.min(until, world.scheduler.now + TICK_MS))
    checkStep(world)
  }
}

const calm = (world: World): void => {
  world.trace.note('world', 'calm')
  world.hostile ||= false
  world.server.skewMs = 0
  for (const server of world.servers) {
    Object.assign(server.disk, { syncMs: 1, capacity: Number.POSITIVE_INFINITY, failing: false, armed: null })
    if (!server.up) void server.start()
    else for (let i = 0; i < server.nodes.length; i++) server.startNode(i)
  }
  for (const machine of world.machines.values()) {
    Object.assign(machine.disk, {
      syncMs: 1,
      capacity: Number.POSITIVE_INFINITY,
      failing: false,
      armed: null,
    })
    Object.assign(world.network.link(machine.name), { latencyMs: 5, jitterMs: 10, mangledPercent: 0 })
    world.network.unblock(machine.name)
    // A push that was lost shows at the next connection.
    world.network.cut(machine.name, false)
    machine.wantsUnlocked = true
    if (!machine.running) machine.boot()
    else if (machine.session === null) machine.act('unlock', () => machine.unlock().then(() => 'asked'))
  }
}

const converge = async (world: World): Promise<void> => {
  const deadline = world.scheduler.now + CONVERGE_MS
  for (;;) {
    // One that was still quitting when calm came is started as well.
    for (const machine of world.machines.values()) if (!machine.running) machine.boot()
    // Programs that read as often as entries are looked at would always have one under way.
    if (world.scheduler.now >= deadline - CONVERGE_MS / 2) world.programs.length = 0
    await pass(world, world.scheduler.now + TICK_MS)
    if (world.oracle.violation !== null || world.hostile) return
    if (converged(world)) return
    if (world.scheduler.now >= deadline) return world.oracle.fail('converges', waitsFor(world))
  }
}

const reachedBy = (world: World): Record<string, number> => {
  const { team } = world.facts
  const tables = world.server.store?.tables
  const entries = tables?.streams(team).reduce((sum, each) => sum + tables.stream(team, each).length, 0) ?? 0
  const alarms = [...world.machines.values()].filter(({ device }) => device?.replica.status().alarm != null)
  const grants = activeMachines(world)[0]?.session?.ledger.requests.values() ?? []
  return {
    entries,
    acknowledged: world.oracle.acknowledged.length,
    reads: world.oracle.reads.length,
    grants: [...grants].filter(({ grant }) => grant !== null).length,
    intents: world.oracle.intents.size,
    alarms: alarms.length,
  }
}

const finish = (world: World, plan: Plan): SeedResult => ({
  seed: plan.seed,
  violation: world.oracle.violation,
  events: world.scheduler.happened,
  planned: plan.events.length,
  virtualMs: world.scheduler.now,
  reached: reachedBy(world),
  digest: world.trace.digest(),
})

/** One run from its seed: the same seed gives the same run, to the byte. */
export const runSeed = async (seed: number, options: RunOptions = {}): Promise<SeedResult> => {
  const plan = planOf(seed, FOUNDINGS.length, options.keep)
  const base = await founded(plan.founding)
  // A weakened product can break already here.
  if (base.oracle.violation !== null) return finish(base, plan)
  const { onLine } = options
  const world = World.after(base, {
    name: `seed ${seed}`,
    nodes: plan.nodes,
    ...(onLine === undefined ? {} : { onLine }),
  })
  world.enter()
  const start = world.scheduler.now
  await world.drive(world.server.start(), 'the server starts')
  for (const machine of world.machines.values()) {
    Object.assign(world.network.link(machine.name), { latencyMs: plan.latencyMs, jitterMs: plan.latencyMs })
    machine.wantsUnlocked = true
    machine.boot()
  }
  runPrograms(world, PROGRAM_MS)
  for (const event of plan.events) {
    await pass(world, start + event.at)
    if (world.oracle.violation !== null) return finish(world, plan)
    perform(world, event)
    checkStep(world)
  }
  await pass(world, start + plan.calmAt)
  if (world.oracle.violation !== null) return finish(world, plan)
  calm(world)
  await converge(world)
  world.programs.length = 0
  await pass(world, world.scheduler.now + REST_MS)
  if (world.oracle.violation === null) {
    checkForks(world)
    checkRollback(world)
    await checkEnd(world)
  }
  return finish(world, plan)
}
