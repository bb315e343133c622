import { equalBytes } from '@countersign/crypto/hash'
import { hashSchema, seqSchema } from '@countersign/schema/bytes'
import type { EnvironmentId } from '@countersign/schema/ids'
import { z } from 'zod'
import type { SealedRecords } from '../session/sealed-records.ts'
import { leftOver, partsOf, wholeOf } from './sealed-parts.ts'

const headerSchema = z.strictObject({
  v: z.literal(1),
  seq: seqSchema,
  hash: hashSchema,
  cuts: z.number().int().nonnegative(),
  state: z.number().int().nonnegative(),
  index: z.number().int().nonnegative(),
})

/** A compartment as it was after the entry `seq`, so that an unlock need not judge every entry again. */
export interface CompartmentCheckpoint {
  readonly seq: number
  /** Hash of that entry: a checkpoint of another history is not used. */
  readonly hash: Uint8Array
  /** How many cuts the ledger had for the compartment: a later one may reach behind the checkpoint. */
  readonly cuts: number
  /** `serializeCompartment` */
  readonly state: Uint8Array
  /** `ItemIndex.stored` */
  readonly index: string
}

/** Keeps checkpoints sealed, in parts small enough to seal; a new one replaces the old one whole. */
export class CompartmentCheckpoints {
  readonly #records: SealedRecords

  constructor(records: SealedRecords) {
    this.#records = records
  }

  async save(environment: EnvironmentId, checkpoint: CompartmentCheckpoint): Promise<void> {
    const old = headerSchema.safeParse(await this.#records.get(environment))
    const state = partsOf(`${environment}.state`, checkpoint.state)
    const index = partsOf(`${environment}.index`, new TextEncoder().encode(checkpoint.index))
    const { seq, hash, cuts } = checkpoint
    const header = { v: 1, seq, hash, cuts, state: state.length, index: index.length }
    const dels = old.success
      ? [
          ...leftOver(`${environment}.state`, old.data.state, state.length),
          ...leftOver(`${environment}.index`, old.data.index, index.length),
        ]
      : []
    await this.#records.replace([...state, ...index, [environment, header]], dels)
  }

  /** Null where there is none of this very history; `hashAt` gives the hash of an entry on this disk. */
  async load(
    environment: EnvironmentId,
    hashAt: (seq: number) => Promise<Uint8Array | undefined>,
  ): Promise<CompartmentCheckpoint | null> {
    const header = headerSchema.safeParse(await this.#records.get(environment))
    if (!header.success) return null
    const { seq, hash, cuts } = header.data
    const here = await hashAt(seq)
    if (here === undefined || !equalBytes(here, hash)) return null
    const state = await wholeOf(this.#records, `${environment}.state`, header.data.state)
    const index = await wholeOf(this.#records, `${environment}.index`, header.data.index)
    if (state === null || index === null) return null
    return { seq, hash, cuts, state, index: new TextDecoder().decode(index) }
  }
}
