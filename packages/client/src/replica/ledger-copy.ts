import { equalBytes, sha256 } from '@countersign/crypto/hash'
import { restoreProjection, serializeProjection } from '@countersign/ledger/checkpoint'
import { HashLog } from '@countersign/ledger/hash-log'
import { LedgerError } from '@countersign/ledger/ledger-error'
import { emptyProjection, type Projection, project } from '@countersign/ledger/projection'
import { hashSchema } from '@countersign/schema/bytes'
import { CanonicalError, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { LEDGER } from '@countersign/schema/ids'
import { z } from 'zod'
import { ClientError } from '../client-error.ts'
import type { LocalStore } from '../store/local-store.ts'
import type { StreamLog } from './stream-log.ts'

const KEY = 'replica/ledger-checkpoint'
/**
 * After a crash at most so many ledger entries are replayed at a start, or that part of them, after an orderly stop none. A checkpoint is as
 * long as the ledger: one every so many entries of a long history would write the square of it.
 */
const CHECKPOINT_EVERY = 500
const CHECKPOINT_PART = 1 / 8

const checkpointSchema = z.strictObject({
  v: z.literal(1),
  projection: z.instanceof(Uint8Array),
  hashes: z.instanceof(Uint8Array),
  /** SHA-256 of both: against a failing disk. Whoever can write here could change the entries as well. */
  check: hashSchema,
})

const checkOf = (projection: Uint8Array, hashes: Uint8Array): Uint8Array =>
  sha256(encodeCanonical([projection, hashes]))

/** The plain projection of the ledger on this disk and the hashes of its entries; both move with every verified entry. */
export class LedgerCopy {
  readonly projection: Projection
  readonly hashes: HashLog
  readonly #store: LocalStore
  #savedLength: number

  private constructor(store: LocalStore, projection: Projection, hashes: HashLog) {
    this.#store = store
    this.projection = projection
    this.hashes = hashes
    this.#savedLength = hashes.length
  }

  /**
   * From the last checkpoint and the entries after it, which were all verified before they were written. Throws ClientError
   * `replica.damaged` where they are no whole chain.
   */
  static async open(store: LocalStore, log: StreamLog): Promise<LedgerCopy> {
    const copy = (await restore(store, log)) ?? { projection: emptyProjection(), hashes: new HashLog() }
    const ledger = new LedgerCopy(store, copy.projection, copy.hashes)
    for await (const page of log.pages(LEDGER, copy.hashes.length)) {
      for (const { hash, entry } of page) {
        const verdict = project(copy.projection, { envelope: entry.envelope, hash })
        if (!verdict.accepted && verdict.code.startsWith('chain.')) {
          throw new ClientError('replica.damaged', 'the ledger in the local store is not a whole chain', {
            fix: 'Move the store folder aside and start again: everything is fetched and verified anew.',
          })
        }
        copy.hashes.push(hash)
      }
    }
    return ledger
  }

  /** To be called when everything projected is on disk, too. Writes a checkpoint when enough has come since the last. */
  async checkpoint({ now = false } = {}): Promise<void> {
    const { length } = this.hashes
    const due = now ? 1 : Math.max(CHECKPOINT_EVERY, this.#savedLength * CHECKPOINT_PART)
    if (length - this.#savedLength < due) return
    this.#savedLength = length
    const projection = serializeProjection(this.projection)
    const hashes = this.hashes.toBytes()
    const value = encodeCanonical({ v: 1, projection, hashes, check: checkOf(projection, hashes) })
    await this.#store.batch({ puts: [[KEY, value]] }, { durable: false })
  }
}

/** A checkpoint that does not fit the entries on disk, or is none, is no use and no harm: the ledger is replayed. */
const restore = async (
  store: LocalStore,
  log: StreamLog,
): Promise<{ projection: Projection; hashes: HashLog } | undefined> => {
  const saved = await store.get(KEY)
  if (saved === undefined) return undefined
  try {
    const checkpoint = checkpointSchema.parse(decodeCanonical(saved))
    if (!equalBytes(checkpoint.check, checkOf(checkpoint.projection, checkpoint.hashes))) return undefined
    const projection = restoreProjection(checkpoint.projection)
    const hashes = HashLog.fromBytes(checkpoint.hashes)
    const { head } = projection
    if (head === null || hashes.length !== head.seq + 1 || !hashes.has(head.seq, head.hash)) return undefined
    const written = await log.hashAt(LEDGER, head.seq)
    return written !== undefined && hashes.has(head.seq, written) ? { projection, hashes } : undefined
  } catch (cause) {
    const unusable = [CanonicalError, LedgerError, RangeError, z.ZodError].some(
      (kind) => cause instanceof kind,
    )
    if (!unusable) throw cause
    return undefined
  }
}
