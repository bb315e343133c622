import { verifySignature } from '@countersign/crypto/verify'
import type { Projection } from '@countersign/ledger/projection'
import { activeDevice } from '@countersign/ledger/projection-lookup'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import type { DeviceId, StreamName } from '@countersign/schema/ids'
import { LEDGER } from '@countersign/schema/ids'
import { type Seen, type SignedSeen, signedSeenSchema } from '@countersign/schema/wire'
import type { LocalStore } from '../store/local-store.ts'

export const SEEN_PURPOSE = 'seen'
const PREFIX = 'replica/seen/'

/** The bytes a device signs. */
export const encodeSeen = (seen: Seen): Uint8Array => encodeCanonical(seen as CborValue)

export interface Witness {
  /** When the other device made its statement, by its own clock. */
  readonly time: number
  readonly member: string
  readonly device: DeviceId
}

/** A head in somebody's statement that is not in our history. */
export interface Contradiction {
  readonly seen: SignedSeen
  readonly stream: StreamName
  readonly seq: number
}

interface BookOptions {
  readonly store: LocalStore
  readonly identity: { readonly team: string; readonly member: string; readonly device: string }
  readonly projection: Projection
  /** Our hash at a place: undefined where our stream does not go that far. */
  readonly hashAt: (stream: StreamName, seq: number) => Promise<Uint8Array | undefined>
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/**
 * The newest statement of each other device about the heads it has verified (P17). A statement counts as a witness once our ledger
 * has the head it names; one that names another entry at a place we have shows a split view.
 */
export class SeenBook {
  readonly #options: BookOptions
  readonly #statements: Map<DeviceId, SignedSeen>
  /** Devices whose newest statement goes further than our copy: looked at again when that grows. */
  readonly #ahead = new Set<DeviceId>()
  #witness: Witness | null = null

  private constructor(options: BookOptions, statements: Map<DeviceId, SignedSeen>) {
    this.#options = options
    this.#statements = statements
  }

  static async open(options: BookOptions): Promise<SeenBook> {
    const statements = new Map<DeviceId, SignedSeen>()
    for await (const page of options.store.range(PREFIX)) {
      for (const [, value] of page) {
        const seen = signedSeenSchema.parse(decodeCanonical(value))
        statements.set(seen.statement.device, seen)
      }
    }
    const book = new SeenBook(options, statements)
    for (const device of statements.keys()) book.#ahead.add(device)
    await book.recheck()
    return book
  }

  all(): SignedSeen[] {
    return [...this.#statements.values()]
  }

  /** The newest statement by a device of another person about a history that is ours too. */
  get witness(): Witness | null {
    return this.#witness
  }

  /**
   * Takes a statement as the server gave it: ignored unless it is newer, of this team, of another active device, and signed by it.
   * `news`: it was taken. A contradiction is for the caller to sound the alarm about.
   */
  async take(seen: SignedSeen): Promise<{ news: boolean; contradiction: Contradiction | null }> {
    const nothing = { news: false, contradiction: null }
    const { statement, signature } = seen
    const { identity, projection, store } = this.#options
    if (statement.team !== identity.team || statement.device === identity.device) return nothing
    const device = activeDevice(projection, statement.device)
    if (device === undefined || device.member !== statement.member) return nothing
    const before = this.#statements.get(statement.device)
    if (before !== undefined && before.statement.time >= statement.time) return nothing
    if (!verifySignature(device.signKey, SEEN_PURPOSE, encodeSeen(statement), signature)) return nothing
    const value = encodeCanonical(seen as CborValue)
    await store.batch({ puts: [[PREFIX + statement.device, value]] }, { durable: false })
    this.#statements.set(statement.device, seen)
    return { news: true, contradiction: await this.#compare(seen) }
  }

  /** Looks again at statements that went further than our copy did. */
  async recheck(): Promise<Contradiction | null> {
    for (const device of [...this.#ahead]) {
      const seen = this.#statements.get(device)
      if (seen === undefined) continue
      const contradiction = await this.#compare(seen)
      if (contradiction !== null) return contradiction
    }
    return null
  }

  async #compare(seen: SignedSeen): Promise<Contradiction | null> {
    const { statement } = seen
    let ahead = false
    let ledgerAgrees = false
    for (const { stream, head } of statement.heads) {
      const ours = await this.#options.hashAt(stream, head.seq)
      if (ours === undefined) ahead ||= stream === LEDGER || (await this.#reads(stream))
      else if (!sameBytes(ours, head.hash)) return { seen, stream, seq: head.seq }
      else if (stream === LEDGER) ledgerAgrees = true
    }
    if (ahead) this.#ahead.add(statement.device)
    else this.#ahead.delete(statement.device)
    const { time, member, device } = statement
    if (ledgerAgrees && member !== this.#options.identity.member && time > (this.#witness?.time ?? -1)) {
      this.#witness = { time, member, device }
    }
    return null
  }

  /** Whether we follow a stream at all; others' streams that we may not read say nothing to us. */
  async #reads(stream: StreamName): Promise<boolean> {
    return (await this.#options.hashAt(stream, 0)) !== undefined
  }
}
