import { createHash } from 'node:crypto'
import type { RequestRecord } from '@countersign/ledger/state'
import { wholeState } from '@countersign/ledger/test/whole-state'
import { toHex } from '@countersign/schema/hex'
import type { World } from '../run/world.ts'
import type { Machine } from '../team/machine.ts'

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** What everybody reads alike: the ledger as reduced, whose bodies every member can open. */
const checkReducer = (world: World, machine: Machine): void => {
  const { session, device } = machine
  const head = session?.ledger.projection.head
  if (session === null || device === null || head == null || !session.active) return
  const key = `${head.seq} ${toHex(head.hash)}`
  const seenBefore = world.checkedHeads.get(machine)
  if (seenBefore === key) return
  world.checkedHeads.set(machine, key)
  const digest = digestOf(wholeState(session.ledger))
  const known = world.oracle.states.get(key)
  if (known === undefined) world.oracle.states.set(key, { digest, machine: machine.name })
  else if (known.digest !== digest) {
    world.oracle.fail('reducers-agree', `${machine.name} and ${known.machine} differ at ledger ${head.seq}`)
  }
}

const checkGrant = (world: World, machine: Machine, record: RequestRecord): void => {
  const { body, grant, request } = record
  if (grant === null || body.kind !== 'binding' || body.terms.environment !== world.facts.production) return
  const people = Object.values(world.facts.members).filter(
    (member) => member !== body.requester && world.oracle.touches.has(`${request} ${member}`),
  )
  if (people.length < world.facts.quorum) {
    world.oracle.fail(
      'grant-quorum',
      `${machine.name} counts a grant of ${request.slice(0, 6)} after ${people.length} touches`,
    )
  }
}

/** Looks at everybody after something happened. */
export const checkStep = (world: World): void => {
  world.oracle.checkAcknowledged()
  for (const machine of world.machines.values()) {
    checkReducer(world, machine)
    for (const record of machine.session?.ledger.requests.values() ?? []) checkGrant(world, machine, record)
    const status = machine.device?.replica.status()
    if (status?.alarm != null && !world.hostile) {
      world.oracle.fail('no-false-alarm', `${machine.name}: ${status.alarm.code} in ${status.alarm.stream}`)
    }
  }
}
