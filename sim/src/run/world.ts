import { SimDisk } from '../disk/sim-disk.ts'
import { Oracle } from '../invariants/oracle.ts'
import { SimNetwork } from '../network/sim-network.ts'
import { Scheduler } from '../runtime/scheduler.ts'
import { enterRandomness } from '../runtime/seeded-crypto.ts'
import { SeededRandom } from '../runtime/seeded-random.ts'
import type { SimProcess } from '../runtime/sim-process.ts'
import { Trace } from '../runtime/trace.ts'
import { enterTime } from '../runtime/virtual-timers.ts'
import { SimServer } from '../server/sim-server.ts'
import { Machine, type MachineFile } from '../team/machine.ts'

/** Names of the people every team has; a newcomer may follow. */
export const PEOPLE = ['ada', 'abel', 'dana', 'otto'] as const

/** What everybody knows of the team, by its founding. */
export interface TeamFacts {
  team: string
  vault: string
  development: string
  production: string
  /** How many touches production takes. */
  quorum: number
  members: Record<string, string>
}

/** A program somewhere that was promised a credential. */
export interface Program {
  readonly machine: string
  readonly id: string
  readonly claim: string
  readonly item: string
  token: string | null
  /** The core that its request is in. */
  busyIn: SimProcess | null
  /** What it was told last. */
  said: string
}

export interface WorldOptions {
  readonly name: string
  readonly startAt?: number
  readonly nodes?: number
  readonly onLine?: (line: string) => void
}

/** What the shipped code may throw at whoever asks: a disk that refuses, somebody who left, a key that was not given. */
const EXPECTED = /^(?:store\.|audit\.failed|member\.unknown|keys\.missing|replica\.stopped)/

/** One simulated world: time, chance, disks, network, server and people. Only one is entered at a time. */
export class World {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly trace: Trace
  readonly oracle: Oracle
  readonly network: SimNetwork
  /** The first is the honest one; a forking operator runs another. */
  readonly servers: SimServer[] = []
  readonly machines = new Map<string, Machine>()
  readonly programs: Program[] = []
  readonly facts: TeamFacts = {
    team: '',
    vault: '',
    development: '',
    production: '',
    quorum: 1,
    members: {},
  }
  /** From here on the operator may do anything. */
  hostile = false
  /** Which server a client is led to: an index into `servers`. */
  readonly led = new Map<string, number>()
  /** The ledger head at which each machine was last compared with the others. */
  readonly checkedHeads = new Map<Machine, string>()
  #values = 0

  constructor(options: WorldOptions) {
    this.scheduler = new Scheduler(options.startAt ?? 0)
    this.random = new SeededRandom(options.name)
    this.trace = new Trace(() => this.scheduler.now, options.onLine)
    this.oracle = new Oracle({
      now: () => this.scheduler.now,
      team: () => this.facts.team,
      revokers: () => [this.facts.members.ada ?? '', this.facts.members.abel ?? ''],
      honestStore: () => (this.hostile ? null : this.server.store),
    })
    const { oracle, trace } = this
    this.network = new SimNetwork(this.scheduler, this.random.fork('network'), {
      clientSent: (wire, frame) => {
        trace.bytes(`> ${wire.client}`, frame)
        oracle.clientSent(wire, frame)
      },
      serverSent: (wire, frame) => {
        trace.bytes(`< ${wire.client}`, frame)
        oracle.serverSent(wire, frame)
      },
    })
    this.network.onDelivered = (client, frame) => {
      const machine = this.machines.get(client)
      if (machine !== undefined) oracle.heard(machine, frame)
    }
    const routing = this.random.fork('routing')
    this.network.route = (client) => {
      const server = this.servers[this.led.get(client) ?? 0]
      return routing.pick((server?.nodes ?? []).filter((node) => node.process.alive))
    }
    this.servers.push(new SimServer(this.scheduler, this.newDisk('server'), options.nodes ?? 1))
  }

  /** A world that goes on from where a founded one stands, with chances of its own. Everything is switched off. */
  static after(founded: World, options: Omit<WorldOptions, 'startAt'>): World {
    const world = new World({ ...options, startAt: founded.scheduler.now })
    Object.assign(world.facts, founded.facts)
    world.#values = founded.#values
    world.oracle.adopt(founded.oracle)
    founded.server.disk.copyTo(world.server.disk)
    for (const machine of founded.machines.values()) {
      machine.disk.copyTo(world.addMachine(structuredClone(machine.file)).disk)
    }
    return world
  }

  get server(): SimServer {
    const [server] = this.servers
    if (server === undefined) throw new Error('a world has a server')
    return server
  }

  /** Makes this world the one that timers, clocks and random bytes of this process belong to. */
  enter(): void {
    enterTime(this.scheduler)
    enterRandomness(this.random.fork('bytes'))
  }

  newDisk(name: string): SimDisk {
    return new SimDisk({
      random: this.random.fork(`disk ${name}`),
      delay: (ms) => this.scheduler.delay(ms),
      onWrite: (bytes) => this.trace.bytes(`disk ${name}`, bytes),
    })
  }

  addMachine(file: MachineFile): Machine {
    const { oracle } = this
    const machine = new Machine(file, this.newDisk(file.name), {
      scheduler: this.scheduler,
      network: this.network,
      random: this.random.fork(`machine ${file.name}`),
      trace: this.trace,
      watch: {
        booted: (each) => oracle.booted(each),
        entries: (each, batch) => oracle.entries(each, batch),
        durable: (each, write) => oracle.durable(each, write),
        found: (each, pairs) => oracle.found(each, pairs),
        defect: (each, where, error) => {
          const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
          const code = error instanceof Error && 'code' in error ? String(error.code) : ''
          this.trace.note(each.name, `${where} threw ${said}`)
          if (!EXPECTED.test(code)) {
            oracle.fail('no-defect', `${each.name}, ${where}: ${error instanceof Error ? error.stack : said}`)
          }
        },
      },
    })
    this.machines.set(file.name, machine)
    return machine
  }

  machine(name: string): Machine {
    const machine = this.machines.get(name)
    if (machine === undefined) throw new Error(`there is no machine ${name}`)
    return machine
  }

  /** A value nobody wrote before. */
  newValue(environment: string, item: string): string {
    this.#values += 1
    const value = `sk-simulated-${String(this.#values).padStart(6, '0')}`
    this.oracle.values.set(value, { environment, item })
    return value
  }

  /** Lets time pass until something is done; throws after `patienceMs` of virtual time. */
  async drive<T>(work: Promise<T>, what: string, patienceMs = 120_000): Promise<T> {
    const deadline = this.scheduler.now + patienceMs
    let done = false
    const watched = work.finally(() => {
      done = true
    })
    watched.catch(() => undefined)
    while (!done && this.scheduler.now < deadline) {
      await this.scheduler.runUntil(this.scheduler.now + 20)
    }
    if (!done) throw new Error(`waited in vain: ${what}`)
    return watched
  }

  async until(holds: () => boolean, what: string, patienceMs = 120_000): Promise<void> {
    const deadline = this.scheduler.now + patienceMs
    while (!holds()) {
      if (this.scheduler.now >= deadline) throw new Error(`waited in vain: ${what}`)
      await this.scheduler.runUntil(this.scheduler.now + 50)
    }
  }
}
