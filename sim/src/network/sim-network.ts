import { ClientError } from '@countersign/client/client-error'
import type { Connection, ConnectionEvents, Connector } from '@countersign/client/transport/connector'
import type { Socket } from '@countersign/sync-server/adapters/ws/socket'
import type { Scheduler } from '../runtime/scheduler.ts'
import type { SeededRandom } from '../runtime/seeded-random.ts'
import { SimProcess } from '../runtime/sim-process.ts'
import { Mangler } from './mangler.ts'
import { Pipe } from './pipe.ts'

const CONNECT_TIMEOUT_MS = 10_000
/** How long what a dying connection still carries may take to arrive. */
const STRAGGLER_MS = 20_000

/** What a server's node does with a new connection. */
export interface Accepted {
  receive(frame: Uint8Array): void
  closed(): void
}
export interface Listener {
  readonly process: SimProcess
  accept(socket: Socket, terminate: () => void, isBlocked: () => boolean): Accepted
}

/** The network between one installation and the server. */
export interface Link {
  blocked: boolean
  latencyMs: number
  jitterMs: number
  /** Of a hundred pushes so many are lost, sent twice, or overtaken. */
  mangledPercent: number
}

/** One connection, for whoever looks on or interferes. */
export interface Wire {
  readonly client: string
  readonly number: number
}

export interface NetworkWatch {
  clientSent(wire: Wire, frame: Uint8Array): void
  serverSent(wire: Wire, frame: Uint8Array): void
}

/** What a hostile server makes of a frame that an honest one sends. */
export type Middle = (wire: Wire, frame: Uint8Array) => readonly Uint8Array[]

/** Connections in virtual time: late, cut, held up by partitions; what they carried may arrive after they were given up. */
export class SimNetwork {
  readonly #scheduler: Scheduler
  readonly #random: SeededRandom
  readonly #watch: NetworkWatch
  readonly #links = new Map<string, Link>()
  readonly #open = new Map<string, Set<{ cut: (late: boolean) => void; wake: () => void }>>()
  #numbers = 0
  /** Where a client's connection goes now; undefined: nobody listens. */
  route: (client: string) => Listener | undefined = () => undefined
  middle: Middle = (_wire, frame) => [frame]
  /** Something from the server reached a client's program. */
  onDelivered: (client: string, frame: Uint8Array) => void = () => undefined

  constructor(scheduler: Scheduler, random: SeededRandom, watch: NetworkWatch) {
    this.#scheduler = scheduler
    this.#random = random
    this.#watch = watch
  }

  link(client: string): Link {
    let link = this.#links.get(client)
    if (link === undefined) {
      link = { blocked: false, latencyMs: 5, jitterMs: 10, mangledPercent: 0 }
      this.#links.set(client, link)
    }
    return link
  }

  block(client: string): void {
    this.link(client).blocked = true
  }

  unblock(client: string): void {
    this.link(client).blocked = false
    for (const each of this.#open.get(client) ?? []) each.wake()
  }

  /** Ends a client's connections; `late`: what was on its way still reaches the server, later. */
  cut(client: string, late: boolean): void {
    for (const each of [...(this.#open.get(client) ?? [])]) each.cut(late)
  }

  connector(client: string): Connector {
    return (_url, events) =>
      new Promise<Connection>((resolve, reject) => {
        const refuse = (): void =>
          reject(new ClientError('server.unreachable', 'the server could not be reached'))
        this.#scheduler.after(this.#latency(client), () => {
          if (this.link(client).blocked) {
            this.#scheduler.after(CONNECT_TIMEOUT_MS, refuse)
            return
          }
          const listener = this.route(client)
          if (listener === undefined || !listener.process.alive) refuse()
          else resolve(this.#connect(client, listener, events))
        })
      })
  }

  #latency(client: string): number {
    const { latencyMs, jitterMs } = this.link(client)
    return latencyMs + this.#random.int(0, jitterMs + 1)
  }

  #connect(client: string, listener: Listener, events: ConnectionEvents): Connection {
    const mine = SimProcess.current
    if (mine === undefined) throw new Error('a connection belongs to a process')
    const wire: Wire = { client, number: this.#numbers++ }
    const isBlocked = (): boolean => this.link(client).blocked
    const latency = (): number => this.#latency(client)
    let clientOpen = true
    let serverOpen = true
    const closeClient = (reason: string): void => {
      if (!clientOpen) return
      clientOpen = false
      if (mine.alive) mine.run(() => events.onClose(reason))
      toServer.close()
      settle()
    }
    const closeServer = (): void => {
      if (!serverOpen) return
      serverOpen = false
      if (listener.process.alive) listener.process.run(() => accepted?.closed())
      toClient.close()
      settle()
    }
    let accepted: Accepted | undefined
    const toServer = new Pipe(
      this.#scheduler,
      {
        process: listener.process,
        onFrame: (frame) => {
          if (serverOpen) accepted?.receive(frame)
        },
        onClose: closeServer,
      },
      isBlocked,
      latency,
    )
    const toClient = new Pipe(
      this.#scheduler,
      {
        process: mine,
        onFrame: (frame) => {
          if (!clientOpen) return
          this.onDelivered(client, frame)
          events.onFrame(frame)
        },
        onClose: () => closeClient('the server closed'),
      },
      isBlocked,
      latency,
    )
    const handle = {
      cut: (late: boolean): void => {
        if (late) toServer.close(this.#random.int(0, STRAGGLER_MS))
        closeClient('the connection was cut')
        if (!late) closeServer()
      },
      wake: (): void => {
        toServer.wake()
        toClient.wake()
      },
    }
    const open = this.#open.get(client) ?? new Set()
    this.#open.set(client, open)
    open.add(handle)
    const settle = (): void => {
      if (!clientOpen && !serverOpen) open.delete(handle)
    }
    const mangler = new Mangler(this.#random)
    // A dead program's connections end for the other side.
    mine.onKill(() => closeClient('killed'))
    listener.process.onKill(closeServer)
    const push = (frame: Uint8Array, sent?: () => void): void => {
      this.#watch.serverSent(wire, frame)
      for (const each of this.middle(wire, frame)) {
        for (const one of mangler.mangle(each, this.link(client).mangledPercent)) {
          toClient.send(one, sent)
        }
      }
    }
    accepted = listener.process.run(() =>
      listener.accept(
        {
          send: (frame, sent) => {
            if (serverOpen) push(frame, sent)
          },
          bufferedBytes: () => toClient.bytes,
          pause: () => toServer.pause(),
          resume: () => toServer.resume(),
          close: closeServer,
        },
        closeServer,
        isBlocked,
      ),
    )
    return {
      send: (frame) => {
        if (!clientOpen) return
        this.#watch.clientSent(wire, frame)
        toServer.send(frame)
      },
      pause: () => toClient.pause(),
      resume: () => toClient.resume(),
      close: () => closeClient('closed here'),
    }
  }
}
