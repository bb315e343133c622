import { equalBytes, sha256 } from '@countersign/crypto/hash'
import { LedgerError } from '@countersign/ledger/ledger-error'
import type { Shelf } from '@countersign/ledger/request-book'
import type { LedgerState } from '@countersign/ledger/state'
import { type PackedState, packState, unpackState } from '@countersign/ledger/state-checkpoint'
import { hashSchema, seqSchema, timeSchema } from '@countersign/schema/bytes'
import { idSchema } from '@countersign/schema/ids'
import { z } from 'zod'
import { ClientError } from '../client-error.ts'
import type { SealedRecords } from '../session/sealed-records.ts'
import type { LocalStore } from '../store/local-store.ts'
import { leftOver, partsOf, wholeOf } from './sealed-parts.ts'

const NAME = 'ledger'
const STATE = `${NAME}.state`
const CLOSED = `${NAME}.closed`
/** Raised whenever a rule comes to judge an entry otherwise, too: a judgement does not outlive its rule. */
const VERSION = 2
/** What a checkpoint has that is no secret lies beside the sealed records, in clear: hashing is a tenth of the work of opening. */
const INDEX = 'checkpoint/ledger.index'

const count = z.number().int().nonnegative()
const headerSchema = z.strictObject({
  v: z.literal(VERSION),
  seq: seqSchema,
  hash: hashSchema,
  state: count,
  /** SHA-256 of the index. */
  index: hashSchema,
  /** SHA-256 of each sealed record of closed requests: they are opened long after it is known that nobody changed them. */
  closed: z.array(hashSchema),
  joinedAt: z.array(z.tuple([idSchema, timeSchema])),
})
/** What any version says of the records it consists of. */
const extentSchema = z.looseObject({ state: count, closed: z.array(hashSchema).default([]) })

/** The ledger's state after its entry `seq`, so that an unlock need not open and judge every entry again. */
export interface LedgerCheckpoint {
  readonly state: LedgerState
  /** When each member was added, by the clock of whoever added them. */
  readonly joinedAt: ReadonlyMap<string, number>
}

interface WrittenShelf {
  readonly shelf: Shelf
  /** SHA-256 of the sealed record. */
  readonly digest: Uint8Array
}

/** Keeps the ledger's checkpoint sealed under the store key: only this member's earlier sessions can have written it. */
export class LedgerCheckpoints {
  readonly #records: SealedRecords
  readonly #store: LocalStore
  /** The shelves of closed requests that are on the disk, by place: they are not written again while they stay the same. */
  #written: readonly WrittenShelf[] = []

  /** `records` are kept in `store`. */
  constructor(records: SealedRecords, store: LocalStore) {
    this.#records = records
    this.#store = store
  }

  /** The state is taken as it is at the call. */
  async save({ state, joinedAt }: LedgerCheckpoint): Promise<void> {
    const { head } = state.projection
    if (head === null) return
    const packed = packState(state)
    const puts: [string, Uint8Array][] = []
    const written = packed.closed.map((shelf, at) => {
      const before = this.#written[at]
      if (before?.shelf === shelf) return before
      const name = `${CLOSED}.${at}`
      const blob = this.#records.sealed(name, shelf.read())
      puts.push([name, blob])
      return { shelf, digest: sha256(blob) }
    })
    const parts = partsOf(STATE, packed.state)
    const closed = written.map(({ digest }) => digest)
    const header = {
      v: VERSION,
      seq: head.seq,
      hash: head.hash,
      state: parts.length,
      index: sha256(packed.index),
      closed,
      joinedAt: [...joinedAt],
    }
    for (const [name, value] of [...parts, [NAME, header] as const]) {
      puts.push([name, this.#records.sealed(name, value)])
    }
    const old = extentSchema.safeParse(await this.#records.get(NAME).catch(unusable))
    const dels = old.success
      ? [
          ...leftOver(STATE, old.data.state, parts.length),
          ...leftOver(CLOSED, old.data.closed.length, closed.length),
        ]
      : []
    const write = this.#records.write(puts, dels)
    const all = { puts: [...write.puts, [INDEX, packed.index] as const], dels: write.dels }
    await this.#store.batch(all, { durable: false })
    this.#written = written
  }

  /**
   * Null where there is none of this very history, or none that can be used: then the ledger is replayed, which costs time and nothing
   * else. `hashAt` gives the hash of a ledger entry on this disk.
   */
  async load(hashAt: (seq: number) => Promise<Uint8Array | undefined>): Promise<LedgerCheckpoint | null> {
    const header = headerSchema.safeParse(await this.#records.get(NAME).catch(unusable))
    if (!header.success) return null
    const { seq, hash, joinedAt } = header.data
    const here = await hashAt(seq)
    if (here === undefined || !equalBytes(here, hash)) return null
    const [bytes, index, written] = await Promise.all([
      wholeOf(this.#records, STATE, header.data.state).catch(unusable),
      this.#store.get(INDEX),
      this.#shelves(header.data.closed),
    ])
    if (bytes === null || written === null) return null
    if (index === undefined || !equalBytes(sha256(index), header.data.index)) return null
    const state = restored({ state: bytes, index, closed: written.map(({ shelf }) => shelf) })
    // Header and state are written together; a state of another head is not this header's.
    const head = state?.projection.head
    if (state === null || head?.seq !== seq || !equalBytes(head.hash, hash)) return null
    if (state.hashes.length !== seq + 1) return null
    this.#written = written
    return { state, joinedAt: new Map(joinedAt) }
  }

  /** Each as it was when the header was written; null where one is not. They stay sealed until they are read. */
  async #shelves(digests: readonly Uint8Array[]): Promise<WrittenShelf[] | null> {
    const blobs = await Promise.all(digests.map((_, at) => this.#records.blob(`${CLOSED}.${at}`)))
    const shelves: WrittenShelf[] = []
    for (const [at, digest] of digests.entries()) {
      const blob = blobs[at]
      if (blob === undefined || !equalBytes(sha256(blob), digest)) return null
      shelves.push({ shelf: this.#sealedShelf(`${CLOSED}.${at}`, blob), digest })
    }
    return shelves
  }

  #sealedShelf(name: string, blob: Uint8Array): Shelf {
    return { read: () => shelfSchema.parse(this.#records.unsealed(name, blob)) }
  }
}

const shelfSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

/** A record that does not open is no use and no harm. */
const unusable = (error: unknown): null => {
  if (error instanceof ClientError) return null
  throw error
}

const restored = (packed: PackedState): LedgerState | null => {
  try {
    return unpackState(packed)
  } catch (error) {
    if (error instanceof LedgerError) return null
    throw error
  }
}
