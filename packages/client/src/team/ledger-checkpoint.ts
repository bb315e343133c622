import { equalBytes } from '@countersign/crypto/hash'
import { restoreState, serializeState } from '@countersign/ledger/checkpoint'
import { LedgerError } from '@countersign/ledger/ledger-error'
import type { LedgerState } from '@countersign/ledger/state'
import { hashSchema, seqSchema, timeSchema } from '@countersign/schema/bytes'
import { idSchema } from '@countersign/schema/ids'
import { z } from 'zod'
import { ClientError } from '../client-error.ts'
import type { SealedRecords } from '../session/sealed-records.ts'
import { leftOver, partsOf, wholeOf } from './sealed-parts.ts'

const NAME = 'ledger'
/** Raised whenever a rule comes to judge an entry otherwise: what an earlier version of the program judged is then replayed. */
const VERSION = 1

const headerSchema = z.strictObject({
  v: z.literal(VERSION),
  seq: seqSchema,
  hash: hashSchema,
  state: z.number().int().nonnegative(),
  joinedAt: z.array(z.tuple([idSchema, timeSchema])),
})

/** The ledger's state after its entry `seq`, so that an unlock need not open and judge every entry again. */
export interface LedgerCheckpoint {
  readonly state: LedgerState
  /** When each member was added, by the clock of whoever added them. */
  readonly joinedAt: ReadonlyMap<string, number>
}

/** Keeps the ledger's checkpoint sealed under the store key: only this member's earlier sessions can have written it. */
export class LedgerCheckpoints {
  readonly #records: SealedRecords

  constructor(records: SealedRecords) {
    this.#records = records
  }

  /** The state is taken as it is at the call. */
  async save({ state, joinedAt }: LedgerCheckpoint): Promise<void> {
    const { head } = state.projection
    if (head === null) return
    const parts = partsOf(`${NAME}.state`, serializeState(state))
    const header = {
      v: VERSION,
      seq: head.seq,
      hash: head.hash,
      state: parts.length,
      joinedAt: [...joinedAt],
    }
    const old = headerSchema.safeParse(await this.#records.get(NAME).catch(unusable))
    const dels = old.success ? leftOver(`${NAME}.state`, old.data.state, parts.length) : []
    await this.#records.replace([...parts, [NAME, header]], dels)
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
    const bytes = await wholeOf(this.#records, `${NAME}.state`, header.data.state).catch(unusable)
    const state = bytes === null ? null : restored(bytes)
    // Header and state are written together; a state of another head is not this header's.
    const head = state?.projection.head
    if (state === null || head?.seq !== seq || !equalBytes(head.hash, hash)) return null
    return state.hashes.length === seq + 1 ? { state, joinedAt: new Map(joinedAt) } : null
  }
}

/** A record that does not open is no use and no harm. */
const unusable = (error: unknown): null => {
  if (error instanceof ClientError) return null
  throw error
}

const restored = (bytes: Uint8Array): LedgerState | null => {
  try {
    return restoreState(bytes)
  } catch (error) {
    if (error instanceof LedgerError) return null
    throw error
  }
}
