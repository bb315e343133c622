import { Session } from '@countersign/sync-server/adapters/ws/session'
import type { Socket } from '@countersign/sync-server/adapters/ws/socket'
import { tokenHash } from '@countersign/sync-server/core/create-team'
import { DEFAULT_CONNECTION_LIMITS, DEFAULT_RATES, HEARTBEAT_MS } from '@countersign/sync-server/core/limits'
import { newNode } from '@countersign/sync-server/new-node'
import { DiskServerStore } from '../disk/disk-server-store.ts'
import type { SimDisk } from '../disk/sim-disk.ts'
import type { Accepted, Listener } from '../network/sim-network.ts'
import type { Scheduler } from '../runtime/scheduler.ts'
import { SimProcess } from '../runtime/sim-process.ts'
import { EPOCH_MS } from '../runtime/virtual-timers.ts'
import { storeSeenBy } from './store-seen-by.ts'

export const SETUP_TOKEN = 'a set-up token of the simulation'
const TICK_MS = 1000

interface Node extends Listener {
  readonly process: SimProcess
}

interface Open {
  readonly session: Session
  readonly terminate: () => void
  readonly isBlocked: () => boolean
  silentBeats: number
}

/** A deployment: one store on one disk, and the nodes over it. The nodes' logic is the shipped one. */
export class SimServer {
  readonly disk: SimDisk
  readonly nodes: Node[] = []
  /** How far the machine's clock is off, in ms. */
  skewMs = 0
  store: DiskServerStore | null = null
  readonly #scheduler: Scheduler
  readonly #nodeCount: number
  #database: SimProcess | null = null

  constructor(scheduler: Scheduler, disk: SimDisk, nodeCount: number) {
    this.#scheduler = scheduler
    this.disk = disk
    this.#nodeCount = nodeCount
  }

  get up(): boolean {
    return this.#database?.alive === true
  }

  async start(): Promise<void> {
    const database = new SimProcess('database')
    this.#database = database
    const store = await database.run(() => DiskServerStore.open(this.disk))
    await database.run(() => store.teams.admitToken(tokenHash(SETUP_TOKEN)))
    // Stopped again before it was up.
    if (!database.alive) return
    this.store = store
    for (let i = 0; i < this.#nodeCount; i++) this.startNode(i)
  }

  /** Every program of the machine ends; with its power what the disk had not yet taken is lost. */
  stop(how: 'program' | 'power'): void {
    for (const node of this.nodes) node.process.kill()
    this.#database?.kill()
    this.store = null
    if (how === 'power') this.disk.powerLost()
    else this.disk.programCrashed()
  }

  killNode(index: number): void {
    this.nodes[index]?.process.kill()
  }

  startNode(index: number): void {
    const { store } = this
    const database = this.#database
    if (store === null || database === null || this.nodes[index]?.process.alive === true) return
    const process = new SimProcess(`node${index}`)
    const sessions = new Set<Open>()
    const node = process.run(() =>
      newNode({
        store: storeSeenBy(process, store, database, this.#scheduler),
        checksAhead: true,
        rates: DEFAULT_RATES,
        connectionLimits: DEFAULT_CONNECTION_LIMITS,
        log: { info: () => undefined, error: () => undefined },
        now: () => EPOCH_MS + Math.floor(this.#scheduler.now) + this.skewMs,
        onTokenUsed: () => undefined,
        isDraining: () => false,
      }),
    )
    process.run(() => {
      setInterval(() => {
        for (const { session } of [...sessions]) session.tick(node.now())
      }, TICK_MS)
      // As the endpoint's ping and pong: a peer that cannot answer twice is given up.
      setInterval(() => {
        for (const each of [...sessions]) {
          each.silentBeats = each.isBlocked() ? each.silentBeats + 1 : 0
          if (each.silentBeats >= 2) each.terminate()
        }
      }, HEARTBEAT_MS)
    })
    process.onKill(() => node.hub.close())
    this.nodes[index] = {
      process,
      accept: (socket: Socket, terminate: () => void, isBlocked: () => boolean): Accepted => {
        const open: Open = { session: new Session(node, socket), terminate, isBlocked, silentBeats: 0 }
        sessions.add(open)
        return {
          receive: (frame) => open.session.receive(frame, true),
          closed: () => {
            sessions.delete(open)
            open.session.closed()
          },
        }
      },
    }
  }
}
