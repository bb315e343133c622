import type { EntryBatch } from '@countersign/client/replica/replica'
import type { StoreWrite } from '@countersign/client/store/local-store'
import { entryHash } from '@countersign/ledger/entry-hash'
import { decodeCanonical } from '@countersign/schema/canonical'
import { decodeEntry } from '@countersign/schema/entry'
import { toHex } from '@countersign/schema/hex'
import { decodeClientMessage, decodeServerMessage } from '@countersign/schema/wire'
import type { DiskServerStore } from '../disk/disk-server-store.ts'
import type { NetworkWatch, Wire } from '../network/sim-network.ts'
import type { Machine } from '../team/machine.ts'
import type { InvariantName, Violation } from './violation.ts'

export interface Acknowledged {
  readonly stream: string
  readonly seq: number
  readonly hash: string
  readonly id: string
}

export interface ServedRead {
  readonly machine: string
  readonly device: string
  readonly binding: string
  readonly item: string
  readonly version: number
}

interface Facts {
  readonly now: () => number
  readonly team: () => string
  /** Members who hold production and approve there; everybody may revoke what they asked for themselves. */
  readonly revokers: () => readonly string[]
  /** Null while the server is down or hostile. */
  readonly honestStore: () => DiskServerStore | null
}

const typeOf = (frame: Uint8Array): unknown => {
  const message = decodeCanonical(frame)
  return typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined
}

/** Looks on from outside and remembers what must stay true. It knows what people did; it never asks the code under test. */
export class Oracle implements NetworkWatch {
  violation: Violation | null = null
  readonly acknowledged: Acknowledged[] = []
  readonly reads: ServedRead[] = []
  /** Hashes of every entry that an honest client sent. */
  readonly authentic = new Set<string>()
  /** `<request> <member>` for every touch that approved. */
  readonly touches = new Set<string>()
  /** Value → where it was written; items go by their names, which nobody changes here. */
  readonly values = new Map<string, { readonly environment: string; readonly item: string }>()
  /** Durable offline changes by id; null once landed or given up. */
  readonly intents = new Map<string, { machine: string; conflict: boolean; waits: boolean; given: boolean }>()
  /** Machine → stream → hash by seq: what was verified and stored there. */
  readonly histories = new Map<string, Map<string, string[]>>()
  /** Machine → requests whose revocation its disk has. */
  readonly revoked = new Map<string, Set<string>>()
  /** When each machine last got anything from the server, by its own clock that never goes back. */
  readonly contact = new Map<string, number>()
  /** The newest time in a statement of somebody else's device that reached each machine, but never later than its own clock had it then. */
  readonly witnessed = new Map<string, number>()
  /** Ledger head → digest of the reduced state. */
  readonly states = new Map<string, { digest: string; machine: string }>()
  /** What each client named in its last login. */
  readonly cursors = new Map<string, Map<string, number>>()
  readonly #facts: Facts
  readonly #asked = new Map<string, Acknowledged[]>()

  constructor(facts: Facts) {
    this.#facts = facts
  }

  fail(invariant: InvariantName, detail: string): void {
    this.violation ??= { invariant, detail, at: this.#facts.now() }
  }

  /** Begins with what another knows: the world goes on from where that one's stopped. */
  adopt(other: Oracle): void {
    this.acknowledged.push(...other.acknowledged)
    for (const each of other.authentic) this.authentic.add(each)
    for (const [value, place] of other.values) this.values.set(value, place)
    for (const [machine, time] of other.witnessed) this.witnessed.set(machine, time)
    for (const [machine, streams] of other.histories) {
      for (const [stream, history] of streams) this.history(machine, stream).push(...history)
    }
  }

  clientSent(wire: Wire, frame: Uint8Array): void {
    const type = typeOf(frame)
    if (type !== 'append' && type !== 'create' && type !== 'hello') return
    const message = decodeClientMessage(frame)
    if (message.type === 'create') this.authentic.add(toHex(entryHash(message.entry)))
    if (message.type === 'hello') {
      const known = message.cursors.flatMap(({ stream, head }) =>
        head === null ? [] : [[stream, head.seq] as const],
      )
      this.cursors.set(wire.client, new Map(known))
    }
    if (message.type !== 'append') return
    const asked: Acknowledged[] = []
    for (const { stream, entries } of message.parts) {
      for (const bytes of entries) {
        const hash = toHex(entryHash(bytes))
        this.authentic.add(hash)
        const { seq, id } = decodeEntry(bytes).envelope
        asked.push({ stream, seq, hash, id })
      }
    }
    this.#asked.set(`${wire.number} ${message.ref}`, asked)
  }

  serverSent(wire: Wire, frame: Uint8Array): void {
    if (typeOf(frame) !== 'appended') return
    const message = decodeServerMessage(frame)
    if (message.type !== 'appended') return
    const asked = this.#asked.get(`${wire.number} ${message.ref}`) ?? []
    if (this.#facts.honestStore() === null) return
    for (const each of asked) {
      if (this.#isStored(each)) this.acknowledged.push(each)
      else this.fail('acknowledged-durable', `${each.stream} ${each.seq} was acknowledged to ${wire.client}`)
    }
  }

  heard(machine: Machine, frame: Uint8Array): void {
    this.contact.set(machine.name, machine.latest())
    const type = typeOf(frame)
    if (type !== 'seen' && type !== 'welcome') return
    const message = decodeServerMessage(frame)
    const statements =
      message.type === 'welcome' ? message.seen : message.type === 'seen' ? [message.seen] : []
    for (const { statement } of statements) {
      if (statement.device !== machine.file.device) this.#witnessed(machine, statement.time)
    }
  }

  #witnessed(machine: Machine, time: number): void {
    const counts = Math.min(time, machine.latest())
    this.witnessed.set(machine.name, Math.max(this.witnessed.get(machine.name) ?? 0, counts))
  }

  /** Entries of a stream reached a machine's disk. */
  entries(machine: Machine, { stream, entries }: EntryBatch): void {
    const store = this.#facts.honestStore()
    const history = this.history(machine.name, stream)
    for (const entry of entries) {
      const hash = toHex(entry.hash)
      const { type, plain, member } = entry.entry.envelope
      if (!this.authentic.has(hash)) this.fail('authentic', `${machine.name} took ${stream} ${entry.seq}`)
      const known = history[entry.seq]
      if (known !== undefined && known !== hash) {
        this.fail('never-back', `${machine.name} rewrote ${stream} ${entry.seq}`)
      }
      history[entry.seq] = hash
      const mayRevoke = this.#facts.revokers().includes(member) || member === machine.file.membership?.member
      if (type === 'grant.revoke' && mayRevoke && typeof plain.request === 'string') {
        this.revokedAt(machine.name).add(plain.request)
      }
      if (store === null) continue
      const there = store.tables.stream(this.#facts.team(), stream)[entry.seq]
      if (there === undefined || toHex(there.hash) !== hash) {
        this.fail('one-history', `${machine.name} has another ${stream} ${entry.seq} than the server`)
      }
    }
  }

  /** A machine started again: what its disk had verified is still there. */
  booted(machine: Machine): void {
    const { device } = machine
    if (device === null) return
    // Who has just joined was with others a moment ago.
    if (!this.witnessed.has(machine.name)) this.#witnessed(machine, machine.latest())
    for (const [stream, history] of this.histories.get(machine.name) ?? []) {
      const head = device.replica.head(stream)
      const hash = head === null ? undefined : history[head.seq]
      if (head === null || head.seq < history.length - 1) {
        this.fail('never-back', `${machine.name} lost ${stream} after ${head?.seq ?? 'its start'}`)
      } else if (hash !== undefined && hash !== toHex(head.hash)) {
        this.fail('never-back', `${machine.name} has another ${stream} ${head.seq} after its start`)
      }
    }
  }

  durable(machine: Machine, { puts, dels = [] }: StoreWrite): void {
    for (const [key, value] of puts) if (key.startsWith('intents/')) this.#intentWritten(machine, key, value)
    for (const key of dels) if (key.startsWith('intents/')) this.#intentDropped(machine, key)
  }

  /** Who died at a write heard nothing of it, and it may be on the disk all the same: a change parked, landed or just made. */
  found(machine: Machine, pairs: ReadonlyMap<string, Uint8Array>): void {
    const start = `${machine.name} intents/`
    for (const name of this.#intentKeys.keys()) {
      const key = name.slice(machine.name.length + 1)
      if (name.startsWith(start) && !pairs.has(key)) this.#intentDropped(machine, key)
    }
    for (const [key, value] of pairs) if (key.startsWith('intents/')) this.#intentWritten(machine, key, value)
  }

  history(machine: string, stream: string): string[] {
    const streams = this.histories.get(machine) ?? new Map<string, string[]>()
    this.histories.set(machine, streams)
    const history = streams.get(stream) ?? []
    streams.set(stream, history)
    return history
  }

  revokedAt(machine: string): Set<string> {
    const revoked = this.revoked.get(machine) ?? new Set<string>()
    this.revoked.set(machine, revoked)
    return revoked
  }

  /** Everything acknowledged is still in the store. */
  checkAcknowledged(): void {
    if (this.#facts.honestStore() === null) return
    for (const each of this.acknowledged) {
      if (!this.#isStored(each)) this.fail('acknowledged-kept', `${each.stream} ${each.seq} is gone`)
    }
  }

  #isStored({ stream, seq, hash }: Acknowledged): boolean {
    const entry = this.#facts.honestStore()?.tables.stream(this.#facts.team(), stream)[seq]
    return entry !== undefined && toHex(entry.hash) === hash
  }

  readonly #intentKeys = new Map<string, string>()

  #intentWritten(machine: Machine, key: string, value: Uint8Array): void {
    const intent = decodeCanonical(value)
    if (typeof intent !== 'object' || intent === null || !('id' in intent) || !('conflict' in intent)) return
    const id = String(intent.id)
    this.#intentKeys.set(`${machine.name} ${key}`, id)
    const conflict = intent.conflict !== null
    this.intents.set(id, { machine: machine.name, conflict, waits: true, given: false })
  }

  /** An intent may go when its entry stands in the machine's own history, or when a person settled its conflict. */
  #intentDropped(machine: Machine, key: string): void {
    const name = `${machine.name} ${key}`
    const id = this.#intentKeys.get(name)
    this.#intentKeys.delete(name)
    const intent = id === undefined ? undefined : this.intents.get(id)
    if (id === undefined || intent === undefined) return
    const landed = this.acknowledged.some((each) => each.id === id) || this.#isInStore(id)
    if (!landed && !intent.conflict && this.#facts.honestStore() !== null) {
      this.fail('intent-kept', `${machine.name} forgot an offline change that has not landed`)
    }
    this.intents.set(id, { ...intent, waits: false, given: !landed })
  }

  #isInStore(id: string): boolean {
    const store = this.#facts.honestStore()
    if (store === null) return false
    const team = this.#facts.team()
    return store.tables
      .streams(team)
      .some((stream) => store.tables.stream(team, stream).some((e) => e.id === id))
  }
}
