import { equalBytes } from '@countersign/crypto/hash'
import { hashSchema, seqSchema } from '@countersign/schema/bytes'
import { type EnvironmentId, idSchema, newId } from '@countersign/schema/ids'
import { z } from 'zod'
import type { SealedRecords } from '../session/sealed-records.ts'
import { leftOver, partsOf } from './sealed-parts.ts'

const count = z.number().int().nonnegative()
/**
 * `slot`: under which of two names its parts are; the next checkpoint takes the other one. `id`: random, and in each of its parts: those of
 * two checkpoints are never put together, whatever a disk that lost its power kept of them. `state`, `index`: how many parts each has.
 */
const headerSchema = z.strictObject({
  v: z.literal(3),
  id: idSchema,
  slot: z.literal([0, 1]),
  seq: seqSchema,
  hash: hashSchema,
  cuts: count,
  state: count,
  index: count,
})
type Header = z.infer<typeof headerSchema>

const partSchema = z.tuple([idSchema, z.custom<Uint8Array>((value) => value instanceof Uint8Array)])

const KINDS = ['state', 'index'] as const
type Kind = (typeof KINDS)[number]
const nameOf = (environment: EnvironmentId, slot: number, kind: Kind): string =>
  `${environment}.${slot}.${kind}`

/** A compartment as it was after the entry `seq`, so that an unlock need not judge every entry again. */
export interface CompartmentCheckpoint {
  readonly seq: number
  /** Hash of that entry: a checkpoint of another history is not used. */
  readonly hash: Uint8Array
  /** How many cuts the ledger had for the compartment: a later one may reach behind the checkpoint. */
  readonly cuts: number
  /** `serializeCompartment` */
  readonly state: Uint8Array
  /** `ItemIndex.stored`, each part asked for when the one before is on its way to the disk. */
  readonly index: Iterable<string>
}

/** One that was read back. */
export interface LoadedCheckpoint extends CompartmentCheckpoint {
  readonly index: readonly string[]
}

/**
 * Keeps checkpoints sealed, in parts small enough to seal. A new one is written beside the old one, part by part, so that only one part is
 * in memory at a time; its header comes last, and with it the old one goes. What an interrupted one left is cleared by the next.
 */
export class CompartmentCheckpoints {
  readonly #records: SealedRecords
  /** One save at a time: two would write under the same names. */
  #saving: Promise<void> = Promise.resolve()

  constructor(records: SealedRecords) {
    this.#records = records
  }

  save(environment: EnvironmentId, checkpoint: CompartmentCheckpoint): Promise<void> {
    const saved = this.#saving.then(() => this.#write(environment, checkpoint))
    this.#saving = saved.catch(() => undefined)
    return saved
  }

  async #write(environment: EnvironmentId, checkpoint: CompartmentCheckpoint): Promise<void> {
    const old = headerSchema.safeParse(await this.#records.get(environment))
    const slot = old.success && old.data.slot === 0 ? 1 : 0
    const left = await Promise.all(KINDS.map((kind) => this.#partsThere(nameOf(environment, slot, kind))))
    await this.#records.replace([], left.flat())
    const { seq, hash, cuts } = checkpoint
    const id = newId()
    const state = await this.#putParts(id, partsOf(nameOf(environment, slot, 'state'), checkpoint.state))
    const index = await this.#putParts(id, textParts(nameOf(environment, slot, 'index'), checkpoint.index))
    const header: Header = { v: 3, id, slot, seq, hash, cuts, state, index }
    const gone = old.success ? KINDS.flatMap((kind) => partNames(environment, old.data, kind)) : []
    await this.#records.replace([[environment, header]], gone)
  }

  /** Writes parts one after the other; returns how many there were. */
  async #putParts(id: string, parts: Iterable<readonly [string, Uint8Array]>): Promise<number> {
    let written = 0
    for (const [name, bytes] of parts) {
      await this.#records.replace([[name, [id, bytes]]], [])
      written += 1
    }
    return written
  }

  /** Names of the parts that are there under a name without a header. They were written in order: the first that is missing is the end. */
  async #partsThere(name: string): Promise<string[]> {
    const names: string[] = []
    for (let i = 0; (await this.#records.blob(`${name}.${i}`)) !== undefined; i++) names.push(`${name}.${i}`)
    return names
  }

  /** Null where there is none of this very history; `hashAt` gives the hash of an entry on this disk. */
  async load(
    environment: EnvironmentId,
    hashAt: (seq: number) => Promise<Uint8Array | undefined>,
  ): Promise<LoadedCheckpoint | null> {
    const header = headerSchema.safeParse(await this.#records.get(environment))
    if (!header.success) return null
    const { seq, hash, cuts } = header.data
    const here = await hashAt(seq)
    if (here === undefined || !equalBytes(here, hash)) return null
    const state = await this.#parts(environment, header.data, 'state')
    const index = await this.#parts(environment, header.data, 'index')
    if (state === null || index === null) return null
    const whole = new Uint8Array(Buffer.concat(state))
    const text = new TextDecoder()
    return { seq, hash, cuts, state: whole, index: index.map((part) => text.decode(part)) }
  }

  /** Null where a part is missing or another checkpoint's. */
  async #parts(environment: EnvironmentId, header: Header, kind: Kind): Promise<Uint8Array[] | null> {
    const found: Uint8Array[] = []
    for (const name of partNames(environment, header, kind)) {
      const part = partSchema.safeParse(await this.#records.get(name))
      if (!part.success || part.data[0] !== header.id) return null
      found.push(part.data[1])
    }
    return found
  }
}

const partNames = (environment: EnvironmentId, header: Header, kind: Kind): string[] =>
  leftOver(nameOf(environment, header.slot, kind), header[kind], 0)

function* textParts(name: string, texts: Iterable<string>): Generator<[string, Uint8Array]> {
  const utf8 = new TextEncoder()
  let at = 0
  for (const text of texts) yield [`${name}.${at++}`, utf8.encode(text)]
}
