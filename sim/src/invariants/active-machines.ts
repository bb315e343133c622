import type { World } from '../run/world.ts'
import type { Machine } from '../team/machine.ts'

/** Installations of people who are in the team, as the server's ledger has it. */
export const activeMachines = (world: World): Machine[] => {
  const all = [...world.machines.values()].filter(({ file }) => file.membership !== null)
  // Whoever has most of the ledger knows best who is in it.
  const best = all
    .filter(({ session }) => session !== null)
    .sort(
      (a, b) =>
        (b.session?.ledger.projection.head?.seq ?? -1) - (a.session?.ledger.projection.head?.seq ?? -1),
    )[0]
  const members = best?.session?.ledger.projection.members
  if (members === undefined) return all
  return all.filter(({ file }) => members.get(file.membership?.member ?? '')?.removedAt === null)
}
