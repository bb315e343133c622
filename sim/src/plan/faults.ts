import type { SimDisk } from '../disk/sim-disk.ts'
import { PEOPLE, type World } from '../run/world.ts'
import type { SeededRandom } from '../runtime/seeded-random.ts'

export type Fault = (world: World, random: SeededRandom) => void

const someone = (world: World, random: SeededRandom) => world.machine(random.pick(PEOPLE) ?? 'ada')

const later = (world: World, delayMs: number, work: () => void): void => {
  world.scheduler.after(delayMs, work, null)
}

const restartServer = (world: World, how: 'program' | 'power', afterMs: number): void => {
  if (!world.server.up) return
  world.trace.note('server', `${how} lost`)
  world.server.stop(how)
  later(world, afterMs, () => {
    if (world.server.up) return
    world.trace.note('server', 'starts')
    void world.server.start()
  })
}

const someDisk = (world: World, random: SeededRandom): { name: string; disk: SimDisk } => {
  if (random.chance(0.3)) return { name: 'server', disk: world.server.disk }
  const { name, disk } = someone(world, random)
  return { name, disk }
}

const partition = (world: World, random: SeededRandom, names: readonly string[]): void => {
  const forMs = random.chance(0.3) ? random.int(50_000, 120_000) : random.int(500, 30_000)
  for (const name of names) {
    world.trace.note(name, `cut off for ${forMs} ms`)
    world.network.block(name)
    later(world, forMs, () => {
      world.trace.note(name, 'network back')
      world.network.unblock(name)
      if (random.chance(0.5)) world.network.cut(name, random.chance(0.5))
    })
  }
}

const table = {
  cut: {
    weight: 6,
    run: (world: World, random: SeededRandom): void => {
      const { name } = someone(world, random)
      const late = random.chance(0.6)
      world.trace.note(name, late ? 'connection lost, stragglers on their way' : 'connection lost')
      world.network.cut(name, late)
    },
  },
  partition: {
    weight: 5,
    run: (world: World, random: SeededRandom): void =>
      partition(world, random, [someone(world, random).name]),
  },
  splitTeam: {
    weight: 1,
    run: (world: World, random: SeededRandom): void =>
      partition(
        world,
        random,
        PEOPLE.filter(() => random.chance(0.6)),
      ),
  },
  slowNetwork: {
    weight: 2,
    run: (world: World, random: SeededRandom): void => {
      const { name } = someone(world, random)
      const link = world.network.link(name)
      const before = { ...link }
      Object.assign(link, { latencyMs: random.int(200, 4000), jitterMs: random.int(0, 3000) })
      later(world, random.int(5_000, 40_000), () =>
        Object.assign(link, { latencyMs: before.latencyMs, jitterMs: before.jitterMs }),
      )
    },
  },
  badRelay: {
    weight: 2,
    run: (world: World, random: SeededRandom): void => {
      const { name } = someone(world, random)
      world.trace.note(name, 'pushes get lost or come twice')
      const link = world.network.link(name)
      link.mangledPercent = random.int(20, 80)
      later(world, random.int(5_000, 60_000), () => {
        link.mangledPercent = 0
      })
    },
  },
  killProgram: {
    weight: 4,
    run: (world: World, random: SeededRandom): void => {
      const machine = someone(world, random)
      world.trace.note(machine.name, 'killed')
      machine.stop('program')
      later(world, random.int(0, 8_000), () => machine.boot())
    },
  },
  powerLoss: {
    weight: 4,
    run: (world: World, random: SeededRandom): void => {
      const machine = someone(world, random)
      world.trace.note(machine.name, 'power lost')
      machine.stop('power')
      later(world, random.int(0, 20_000), () => machine.boot())
    },
  },
  crashAtWrite: {
    weight: 7,
    run: (world: World, random: SeededRandom): void => {
      const machine = someone(world, random)
      const how = random.chance(0.6) ? 'power' : 'program'
      const afterMs = random.int(0, 3)
      machine.disk.armed = {
        writes: random.int(1, 5),
        onArmed: () =>
          later(world, afterMs, () => {
            world.trace.note(machine.name, `crash at a write (${how})`)
            machine.stop(how)
            later(world, random.int(0, 8_000), () => machine.boot())
          }),
      }
    },
  },
  serverCrashAtWrite: {
    weight: 5,
    run: (world: World, random: SeededRandom): void => {
      const how = random.chance(0.7) ? 'power' : 'program'
      const afterMs = random.int(0, 3)
      const downMs = random.int(0, 8_000)
      world.server.disk.armed = {
        writes: random.int(1, 4),
        onArmed: () => later(world, afterMs, () => restartServer(world, how, downMs)),
      }
    },
  },
  serverDown: {
    weight: 3,
    run: (world: World, random: SeededRandom): void =>
      restartServer(
        world,
        random.chance(0.5) ? 'power' : 'program',
        random.chance(0.2) ? random.int(30_000, 100_000) : random.int(0, 10_000),
      ),
  },
  nodeDown: {
    weight: 3,
    run: (world: World, random: SeededRandom): void => {
      const index = random.int(0, world.server.nodes.length)
      world.trace.note('server', `node ${index} killed`)
      world.server.killNode(index)
      later(world, random.int(0, 6_000), () => world.server.startNode(index))
    },
  },
  slowDisk: {
    weight: 2,
    run: (world: World, random: SeededRandom): void => {
      const { name, disk } = someDisk(world, random)
      disk.syncMs = random.int(20, 3_000)
      world.trace.note(name, `disk takes ${disk.syncMs} ms`)
      later(world, random.int(2_000, 30_000), () => {
        disk.syncMs = 1
      })
    },
  },
  fullDisk: {
    weight: 2,
    run: (world: World, random: SeededRandom): void => {
      const { name, disk } = someDisk(world, random)
      disk.capacity = disk.size + random.int(0, 4_000)
      world.trace.note(name, 'disk nearly full')
      later(world, random.int(1_000, 40_000), () => {
        disk.capacity = Number.POSITIVE_INFINITY
        world.trace.note(name, 'disk has space again')
      })
    },
  },
  failingDisk: {
    weight: 2,
    run: (world: World, random: SeededRandom): void => {
      const { name, disk } = someDisk(world, random)
      disk.failing = true
      world.trace.note(name, 'disk fails')
      later(world, random.int(500, 15_000), () => {
        disk.failing = false
        world.trace.note(name, 'disk works again')
      })
    },
  },
  clockJump: {
    weight: 3,
    run: (world: World, random: SeededRandom): void => {
      const jumpMs = random.chance(0.2)
        ? random.int(-5 * 3_600_000, 5 * 3_600_000)
        : random.int(-90_000, 90_000)
      if (random.chance(0.2)) {
        world.server.skewMs += jumpMs
        world.trace.note('server', `clock moves by ${jumpMs} ms`)
        return
      }
      const machine = someone(world, random)
      machine.latest()
      machine.skewMs += jumpMs
      world.trace.note(machine.name, `clock moves by ${jumpMs} ms`)
    },
  },
} as const satisfies Record<string, { weight: number; run: Fault }>

export type FaultName = keyof typeof table
/** What goes wrong without anybody's will, and how often. */
export const FAULTS: Readonly<Record<FaultName, { readonly weight: number; readonly run: Fault }>> = table
