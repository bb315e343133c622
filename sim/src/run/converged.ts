import { accessOf, holdersOf } from '@countersign/ledger/projection-lookup'
import { toHex } from '@countersign/schema/hex'
import { compartmentStream, LEDGER } from '@countersign/schema/ids'
import { activeMachines } from '../invariants/active-machines.ts'
import type { Machine } from '../team/machine.ts'
import type { World } from './world.ts'

/** Why one installation has not caught up with everything; null: it has. */
const behind = (world: World, machine: Machine): string | null => {
  const { device, session, name } = machine
  const { store } = world.server
  if (store === null) return 'the server is down'
  if (device === null || session === null) return `${name} is locked`
  const { connection, problem } = device.replica.status()
  if (connection !== 'live') return `${name} is ${connection} (${problem?.code ?? 'no reason'})`
  const { projection } = session.ledger
  const readable = [...projection.environments.keys()].filter(
    (each) => accessOf(projection, each, session.member).level !== 'none',
  )
  const streams = [LEDGER, ...readable.map(compartmentStream)]
  for (const stream of streams) {
    const head = device.replica.head(stream)
    const there = store.tables.head(world.facts.team, stream)
    if (head === null && stream !== LEDGER) continue
    if (head === null || there === null || toHex(head.hash) !== toHex(there.hash)) {
      return `${name} has ${stream.slice(0, 8)} to ${head?.seq}, the server to ${there?.seq}`
    }
  }
  const ledger = projection.head
  if (ledger?.seq !== device.replica.head(LEDGER)?.seq) return `${name} has reduced to ${ledger?.seq} only`
  if (device.waitingAudit > 0) return `${name} still has ${device.waitingAudit} audit entries`
  const waiting = device.replica.intents.waiting().length
  if (waiting > 0) return `${name} still has ${waiting} changes to send`
  return null
}

/** The first thing that is not as it must be at rest; empty when all is. */
export const waitsFor = (world: World): string => {
  const active = activeMachines(world)
  for (const machine of active) {
    const why = behind(world, machine)
    if (why !== null) return why
  }
  const projection = active[0]?.session?.ledger.projection
  for (const { environment, rekeyDue } of projection?.environments.values() ?? []) {
    if (projection === undefined || !rekeyDue) continue
    const holders = holdersOf(projection, environment)
    const there = active.some(({ file }) => holders.includes(file.membership?.member ?? ''))
    if (there) return `${environment.slice(0, 6)} still waits for new keys`
  }
  return ''
}

export const converged = (world: World): boolean => waitsFor(world) === ''
