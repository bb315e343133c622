import { activeMembers } from '@countersign/ledger/projection-lookup'
import type { Program, World } from '../run/world.ts'
import type { Machine } from './machine.ts'

/** What the shipped routes answered a program that read, against everything that must be true of a read. */
const checkRead = (
  world: World,
  machine: Machine,
  program: Program,
  body: Readonly<Record<string, unknown>>,
): void => {
  const { oracle, facts } = world
  const { device, session } = machine
  if (device === null || session === null) return
  const value = String(body.value)
  const record = session.ledger.requests.get(program.id)
  if (oracle.revokedAt(machine.name).has(program.id)) {
    oracle.fail('revoked-unread', `${machine.name} served ${program.id.slice(0, 6)} after its revocation`)
  }
  const written = oracle.values.get(value)
  if (written?.environment !== facts.production || written.item !== program.item || record === undefined) {
    oracle.fail('read-true', `${machine.name} served a value that nobody wrote there`)
  }
  const policy = session.ledger.policies.get(facts.production)?.policy
  const sinceMs = machine.latest() - (oracle.contact.get(machine.name) ?? Number.NEGATIVE_INFINITY)
  // The shipped serving state may be half a second old.
  if (policy !== undefined && sinceMs > policy.maxOfflineMs + 1000) {
    oracle.fail('read-fresh', `${machine.name} served ${Math.round(sinceMs / 1000)} s after the last contact`)
  }
  const alone = activeMembers(session.ledger.projection).length <= 1
  const unseenMs = machine.latest() - (oracle.witnessed.get(machine.name) ?? Number.NEGATIVE_INFINITY)
  if (policy !== undefined && !alone && unseenMs > policy.maxUnwitnessedMs + 1000) {
    const ago = Math.round(unseenMs / 1000)
    oracle.fail('read-witnessed', `${machine.name} served ${ago} s after anybody else's last statement`)
  }
  const item = session.index(facts.production)?.named(program.item)[0]?.item ?? ''
  oracle.reads.push({
    machine: machine.name,
    device: machine.file.device,
    binding: program.id,
    item,
    version: Number(body.version),
  })
}

const turn = async (world: World, machine: Machine, program: Program): Promise<void> => {
  const { programs } = machine
  if (programs === null) return
  const { token } = program
  if (token === null) {
    const polled = await programs.poll(program.id, program.claim)
    if (typeof polled.body.token === 'string') {
      program.token = polled.body.token
      world.trace.note(machine.name, `program ${program.id.slice(0, 6)} got its token`)
    }
    return
  }
  const place = { vault: 'llm', environment: 'production', item: program.item }
  const answer = await programs.read(place, token)
  if (answer.status === 200) checkRead(world, machine, program, answer.body)
  const said =
    answer.status === 200
      ? `read version ${String(answer.body.version)}`
      : `read: ${String(answer.body.code)}`
  if (program.said !== said) world.trace.note(machine.name, `program ${program.id.slice(0, 6)} ${said}`)
  program.said = said
}

/** Programs ask for their token and then read, again and again, whenever their machine is unlocked. */
export const runPrograms = (world: World, everyMs: number): void => {
  const again = (): void => {
    for (const program of world.programs) {
      const machine = world.machine(program.machine)
      const { process } = machine
      if (machine.programs === null || process === null || program.busyIn === process) continue
      program.busyIn = process
      process.run(() => {
        turn(world, machine, program)
          .catch((error: unknown) => {
            world.oracle.fail('no-defect', `a program's request threw ${String(error)}`)
          })
          .finally(() => {
            program.busyIn = null
          })
      })
    }
    world.scheduler.after(everyMs, again, null)
  }
  world.scheduler.after(everyMs, again, null)
}
