import { mayRead } from '@countersign/ledger/projection'
import { LEDGER } from '@countersign/schema/ids'
import { encodeMessage } from '@countersign/schema/wire'
import type { Delivery } from './delivery.ts'
import { hashEntry } from './hash-entry.ts'
import { BATCH_LIMIT } from './limits.ts'
import { type Refusal, refusal } from './refusal.ts'
import type { Committed, LogStore } from './store.ts'
import { loadTeam, type TeamState } from './team-state.ts'

/** A connected device, as the hub sees it. */
export interface Peer {
  readonly device: string
  readonly delivery: Delivery
  /** Whether so much is waiting in the socket that pushes should become catch-up. */
  congested(): boolean
  /** Sends a frame that other peers are sent as well. */
  push(frame: Uint8Array): void
  /** Sends a frame that may be left out where it would wait: a later one says more. */
  tell(frame: Uint8Array): void
  /** Sends what is due from the store, as fast as the socket takes it. */
  pump(): void
  end(reason: Refusal): void
}

interface Room {
  readonly state: TeamState
  readonly peers: Set<Peer>
  accessChanged: boolean
}

export interface HubOptions {
  readonly log: LogStore
  /** Runs a function a little later: answers to appends go out first, and what one tick commits is pushed together. */
  readonly schedule: (work: () => void) => void
  /** Teams kept in memory without a connected device. */
  readonly idleTeams: number
  readonly onPush: (frames: number, entries: number) => void
}

/** The teams of this node and who is connected to them: keeps their state current and pushes what was committed. */
export class Hub {
  readonly #options: HubOptions
  readonly #rooms = new Map<string, Room>()
  readonly #loading = new Map<string, { state: Promise<TeamState | undefined>; missed: Committed[] }>()
  readonly #unsubscribe: () => void
  #outbox: Committed[] = []
  #scheduled = false

  constructor(options: HubOptions) {
    this.#options = options
    this.#unsubscribe = options.log.subscribe((committed) => this.#take(committed))
  }

  /** The team's state, from memory or the store; undefined if there is no such team. Throws StoreError. */
  async team(team: string): Promise<TeamState | undefined> {
    const room = this.#rooms.get(team)
    if (room !== undefined) return room.state
    const loading = this.#loading.get(team) ?? this.#load(team)
    return loading.state
  }

  join(team: string, peer: Peer): void {
    this.#rooms.get(team)?.peers.add(peer)
  }

  leave(team: string, peer: Peer): void {
    this.#rooms.get(team)?.peers.delete(peer)
  }

  peers(team: string): ReadonlySet<Peer> {
    return this.#rooms.get(team)?.peers ?? new Set()
  }

  close(): void {
    this.#unsubscribe()
  }

  #load(team: string): { state: Promise<TeamState | undefined>; missed: Committed[] } {
    const missed: Committed[] = []
    const state = loadTeam(this.#options.log, team)
      .then((loaded) => {
        if (loaded === undefined) return undefined
        for (const committed of missed) loaded.apply(committed)
        this.#rooms.set(team, { state: loaded, peers: new Set(), accessChanged: false })
        this.#forgetIdle(team)
        return loaded
      })
      .finally(() => this.#loading.delete(team))
    const loading = { state, missed }
    this.#loading.set(team, loading)
    return loading
  }

  #forgetIdle(except: string): void {
    if (this.#rooms.size <= this.#options.idleTeams) return
    for (const [team, room] of this.#rooms) {
      if (team === except || room.peers.size > 0) continue
      this.#rooms.delete(team)
      if (this.#rooms.size <= this.#options.idleTeams) return
    }
  }

  #take(committed: readonly Committed[]): void {
    for (const each of committed) {
      this.#loading.get(each.team)?.missed.push(each)
      const room = this.#rooms.get(each.team)
      if (room === undefined) continue
      const isNew = room.state.head(each.stream) === null
      if (room.state.apply(each)) room.accessChanged = true
      if (isNew) {
        for (const peer of room.peers) {
          if (mayRead(room.state.projection, peer.device, each.stream))
            peer.delivery.follow(each.stream, 0, null)
        }
      }
      this.#outbox.push(each)
    }
    if (this.#scheduled || this.#outbox.length === 0) return
    this.#scheduled = true
    this.#options.schedule(() => this.#fanOut())
  }

  /** Access first: nothing later is pushed to whom it was just taken from. Then each frame once, for all who follow the stream. */
  #fanOut(): void {
    this.#scheduled = false
    const outbox = merge(this.#outbox)
    this.#outbox = []
    for (const team of new Set(outbox.map((each) => each.team))) {
      const room = this.#rooms.get(team)
      if (room?.accessChanged) this.#refreshAccess(room, outbox)
    }
    for (const committed of outbox) {
      const room = this.#rooms.get(committed.team)
      if (room !== undefined) this.#push(room, committed)
    }
  }

  #refreshAccess(room: Room, outbox: readonly Committed[]): void {
    room.accessChanged = false
    const { state } = room
    for (const peer of [...room.peers]) {
      if (state.memberOf(peer.device) === null) {
        room.peers.delete(peer)
        this.#turnAway(room, peer, outbox)
        continue
      }
      peer.delivery.retain((stream) => mayRead(state.projection, peer.device, stream))
      for (const [stream, head] of state.heads) {
        if (peer.delivery.follows(stream) || !mayRead(state.projection, peer.device, stream)) continue
        peer.delivery.follow(stream, 0, head)
      }
      if (peer.delivery.due() !== undefined) peer.pump()
    }
  }

  /**
   * A removed device is sent the ledger up to the entry that removed it, so that it can see for itself who did and stop, and not one
   * entry more. One that is behind is not caught up: it is only told.
   */
  #turnAway({ state }: Room, peer: Peer, outbox: readonly Committed[]): void {
    const last = state.removalOf(peer.device)
    for (const each of outbox) {
      const due = last === null || each.team !== state.team ? undefined : upTo(each, last)
      if (due === undefined || !peer.delivery.offer(due, peer.congested())) continue
      const { stream, from, entries } = due
      peer.push(encodeMessage({ type: 'entries', ref: null, stream, from, entries: [...entries] }))
      this.#options.onPush(1, entries.length)
    }
    peer.end(refusal('login.refused'))
  }

  #push(room: Room, committed: Committed): void {
    let frame: Uint8Array | undefined
    let frames = 0
    for (const peer of room.peers) {
      if (!peer.delivery.offer(committed, peer.congested())) {
        if (peer.delivery.due() !== undefined) peer.pump()
        continue
      }
      const { stream, from, entries } = committed
      frame ??= encodeMessage({ type: 'entries', ref: null, stream, from, entries: [...entries] })
      peer.push(frame)
      frames += 1
    }
    if (frames > 0) this.#options.onPush(frames, frames * committed.entries.length)
  }
}

/** The part of what was committed that ends with ledger entry `last`; undefined if there is none. */
const upTo = (committed: Committed, last: number): Committed | undefined => {
  if (committed.stream !== LEDGER || committed.from > last) return undefined
  if (committed.head.seq <= last) return committed
  const entries = committed.entries.slice(0, last + 1 - committed.from)
  const end = entries.at(-1)
  return end === undefined ? undefined : { ...committed, entries, head: { seq: last, hash: hashEntry(end) } }
}

/** Joins what follows each other in one stream, up to what one message carries. */
const merge = (outbox: readonly Committed[]): Committed[] => {
  const merged: Committed[] = []
  const open = new Map<string, { at: number; bytes: number }>()
  for (const each of outbox) {
    const key = `${each.team} ${each.stream}`
    const bytes = each.entries.reduce((sum, entry) => sum + entry.length, 0)
    const last = open.get(key)
    const before = last === undefined ? undefined : merged[last.at]
    if (
      last !== undefined &&
      before !== undefined &&
      before.head.seq + 1 === each.from &&
      before.entries.length + each.entries.length <= BATCH_LIMIT.entries &&
      last.bytes + bytes <= BATCH_LIMIT.bytes
    ) {
      merged[last.at] = { ...before, entries: [...before.entries, ...each.entries], head: each.head }
      last.bytes += bytes
    } else {
      open.set(key, { at: merged.length, bytes })
      merged.push(each)
    }
  }
  return merged
}
