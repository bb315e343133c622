import type { World } from '../run/world.ts'

/** Two machines that hold different entries at one place. */
const forkOf = (world: World, a: string, b: string): string | null => {
  for (const [stream, mine] of world.oracle.histories.get(a) ?? []) {
    const theirs = world.oracle.histories.get(b)?.get(stream)
    if (theirs === undefined) continue
    const at = Math.min(mine.length, theirs.length) - 1
    if (at >= 0 && mine[at] !== undefined && theirs[at] !== undefined && mine[at] !== theirs[at]) {
      return `${stream} ${at}`
    }
  }
  return null
}

/** Of two whose histories differ, one has sounded the alarm, or neither takes the other for a witness of its own. */
export const checkForks = (world: World): void => {
  const names = [...world.machines.keys()]
  for (const a of names) {
    for (const b of names) {
      if (a >= b) continue
      const fork = forkOf(world, a, b)
      if (fork === null) continue
      const [mine, theirs] = [a, b].map((name) => world.machine(name).device?.replica.status())
      if (mine === undefined || theirs === undefined || mine.alarm !== null || theirs.alarm !== null) continue
      // Without an alarm they must not have heard of each other since: their statements of the fork were never passed on.
      const heard = [
        [a, b],
        [b, a],
      ].some(([one = '', other = '']) => {
        const device = world.machine(other).file.device
        const seen = world
          .machine(one)
          .device?.replica.seen()
          .find((each) => each.statement.device === device)
        const [stream = '', at = ''] = fork.split(' ')
        const stated = seen?.statement.heads.find((each) => each.stream === stream)?.head.seq ?? -1
        return stated >= Number(at) && world.oracle.history(one, stream).length - 1 >= stated
      })
      if (heard) world.oracle.fail('fork-seen', `${a} and ${b} differ at ${fork} and nobody noticed`)
    }
  }
}
