import { equalBytes } from '@countersign/crypto/hash'
import { hashSchema, seqSchema } from '@countersign/schema/bytes'
import type { EnvironmentId } from '@countersign/schema/ids'
import { z } from 'zod'
import type { SealedRecords } from '../session/sealed-records.ts'

const PART_BYTES = 4 * 1024 * 1024

const headerSchema = z.strictObject({
  v: z.literal(1),
  seq: seqSchema,
  hash: hashSchema,
  cuts: z.number().int().nonnegative(),
  state: z.number().int().nonnegative(),
  index: z.number().int().nonnegative(),
})
const partSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

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

const parts = (bytes: Uint8Array): Uint8Array[] => {
  const out: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += PART_BYTES) out.push(bytes.slice(at, at + PART_BYTES))
  return out
}

/** Keeps checkpoints sealed, in parts small enough to seal; a new one replaces the old one whole. */
export class CompartmentCheckpoints {
  readonly #records: SealedRecords

  constructor(records: SealedRecords) {
    this.#records = records
  }

  async save(environment: EnvironmentId, checkpoint: CompartmentCheckpoint): Promise<void> {
    const old = headerSchema.safeParse(await this.#records.get(environment))
    const state = parts(checkpoint.state)
    const index = parts(new TextEncoder().encode(checkpoint.index))
    const { seq, hash, cuts } = checkpoint
    const puts: [string, Uint8Array | Record<string, number | Uint8Array>][] = [
      ...state.map((bytes, i): [string, Uint8Array] => [`${environment}.state.${i}`, bytes]),
      ...index.map((bytes, i): [string, Uint8Array] => [`${environment}.index.${i}`, bytes]),
      [environment, { v: 1, seq, hash, cuts, state: state.length, index: index.length }],
    ]
    const dels: string[] = []
    if (old.success) {
      for (let i = state.length; i < old.data.state; i++) dels.push(`${environment}.state.${i}`)
      for (let i = index.length; i < old.data.index; i++) dels.push(`${environment}.index.${i}`)
    }
    await this.#records.replace(puts, dels)
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
    const state = await this.#whole(`${environment}.state`, header.data.state)
    const index = await this.#whole(`${environment}.index`, header.data.index)
    if (state === null || index === null) return null
    return { seq, hash, cuts, state, index: new TextDecoder().decode(index) }
  }

  async #whole(name: string, count: number): Promise<Uint8Array | null> {
    const found: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      const part = partSchema.safeParse(await this.#records.get(`${name}.${i}`))
      if (!part.success) return null
      found.push(part.data)
    }
    return new Uint8Array(Buffer.concat(found))
  }
}
