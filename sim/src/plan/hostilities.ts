import { decodeServerMessage, encodeMessage, type ServerMessage } from '@countersign/schema/wire'
import type { Middle } from '../network/sim-network.ts'
import { PEOPLE, type World } from '../run/world.ts'
import type { SeededRandom } from '../runtime/seeded-random.ts'
import { SimServer } from '../server/sim-server.ts'

export type Hostility = (world: World, random: SeededRandom) => void

type Rewrite = (client: string, message: ServerMessage) => readonly ServerMessage[]

const rewriting =
  (rewrite: Rewrite): Middle =>
  (wire, frame) =>
    rewrite(wire.client, decodeServerMessage(frame)).map(encodeMessage)

const flipBit = (bytes: Uint8Array, random: SeededRandom): Uint8Array => {
  const out = bytes.slice()
  const at = random.int(0, out.length)
  out[at] = (out[at] ?? 0) ^ (1 << random.int(0, 8))
  return out
}

const turn = (world: World, how: string): void => {
  world.hostile = true
  world.trace.note('server', `turns hostile: ${how}`)
}

/** A copy of the whole deployment that goes its own way. */
const secondServer = (world: World): SimServer => {
  const disk = world.newDisk('server2')
  world.server.disk.copyTo(disk)
  const server = new SimServer(world.scheduler, disk, 1)
  world.servers.push(server)
  void server.start()
  return server
}

/** Everybody gets the statements that anybody gets, from whichever history. */
const passStatementsOn = (world: World): void => {
  world.trace.note('server', 'passes statements on from one side to the other')
  const newest = new Map<string, ServerMessage>()
  const given = new Map<string, ServerMessage>()
  world.network.middle = rewriting((client, message) => {
    if (message.type === 'seen') newest.set(message.seen.statement.device, message)
    if (message.type !== 'seen' && message.type !== 'caught_up') return [message]
    const others = [...newest].filter(
      ([device, each]) => each !== message && given.get(`${client} ${device}`) !== each,
    )
    for (const [device, each] of others) given.set(`${client} ${device}`, each)
    return [message, ...others.map(([, each]) => each)]
  })
}

const table = {
  tamper: {
    weight: 3,
    run: (world: World, random: SeededRandom): void => {
      turn(world, 'changes bits of entries')
      world.network.middle = rewriting((_client, message) => {
        if (message.type !== 'entries' || message.entries.length === 0 || !random.chance(0.3))
          return [message]
        const at = random.int(0, message.entries.length)
        const entries = message.entries.map((bytes, i) => (i === at ? flipBit(bytes, random) : bytes))
        return [{ ...message, entries }]
      })
    },
  },
  reorder: {
    weight: 2,
    run: (world: World, random: SeededRandom): void => {
      turn(world, 'drops, repeats and swaps entries')
      world.network.middle = rewriting((_client, message) => {
        if (message.type !== 'entries' || !random.chance(0.3)) return [message]
        const entries = [...message.entries]
        const at = random.int(0, entries.length)
        const one = entries[at]
        if (one === undefined) return [message]
        const how = random.int(0, 3)
        if (how === 0) entries.splice(at, 1)
        else if (how === 1) entries.splice(at, 0, one)
        else entries.reverse()
        return [{ ...message, entries }]
      })
    },
  },
  replay: {
    weight: 2,
    run: (world: World, random: SeededRandom): void => {
      turn(world, 'sends old messages again')
      const old: ServerMessage[] = []
      world.network.middle = rewriting((_client, message) => {
        if (['entries', 'seen', 'appended', 'caught_up'].includes(message.type)) old.push(message)
        const again = random.chance(0.3) ? random.pick(old) : undefined
        return again === undefined ? [message] : [message, again]
      })
    },
  },
  withhold: {
    weight: 3,
    run: (world: World, random: SeededRandom): void => {
      const victim = random.pick(PEOPLE) ?? 'dana'
      turn(world, `shows ${victim} nothing new`)
      world.network.middle = rewriting((client, message) => {
        if (client !== victim) return [message]
        if (message.type === 'seen') return []
        if (message.type === 'entries') return message.ref === null ? [] : [{ ...message, entries: [] }]
        if (message.type !== 'welcome') return [message]
        const known = world.oracle.cursors.get(client)
        const heads = message.heads.filter(({ stream, head }) => known?.get(stream) === head.seq)
        return [{ ...message, heads, seen: [] }]
      })
    },
  },
  lie: {
    weight: 2,
    run: (world: World, random: SeededRandom): void => {
      turn(world, 'states heads that are not so')
      const lied = <T extends { head: { seq: number; hash: Uint8Array } }>(each: T): T => ({
        ...each,
        head: {
          seq: Math.max(0, each.head.seq + random.int(-1, 2)),
          hash: random.chance(0.5) ? each.head.hash : flipBit(each.head.hash, random),
        },
      })
      world.network.middle = rewriting((_client, message) => {
        if (!random.chance(0.3)) return [message]
        if (message.type === 'welcome') return [{ ...message, heads: message.heads.map(lied) }]
        if (message.type === 'appended') return [{ ...message, heads: message.heads.map(lied) }]
        return [message]
      })
    },
  },
  rollback: {
    weight: 3,
    run: (world: World, random: SeededRandom): void => {
      const { disk } = world.server
      const left = Math.max(30, disk.recordCount - random.int(1, 12))
      turn(world, `goes back to an older state, ${disk.recordCount - left} transactions less`)
      if (world.server.up) world.server.stop('program')
      disk.truncate(left)
      void world.server.start()
    },
  },
  fork: {
    weight: 4,
    run: (world: World, random: SeededRandom): void => {
      const group = PEOPLE.filter(() => random.chance(0.5))
      turn(world, `leads ${group.join(' and ') || 'nobody'} to another history`)
      secondServer(world)
      for (const name of group) {
        world.led.set(name, 1)
        world.network.cut(name, false)
      }
      // In the end somebody is led to the other side; and whoever wants his victims to go on serving must give them witnesses.
      world.scheduler.after(
        random.int(20_000, 80_000),
        () => {
          for (const name of group) if (random.chance(0.7)) world.led.set(name, 0)
          for (const name of PEOPLE) world.network.cut(name, false)
        },
        null,
      )
      if (random.chance(0.5)) passStatementsOn(world)
    },
  },
} as const satisfies Record<string, { weight: number; run: Hostility }>

export type HostilityName = keyof typeof table
/** What a server does that is its users' enemy. */
export const HOSTILITIES: Readonly<
  Record<HostilityName, { readonly weight: number; readonly run: Hostility }>
> = table
