import { verifyCosignature } from '@countersign/crypto/checkpoint'
import { equalBytes, verifySignature } from '@countersign/crypto/verify'
import { mayRead, type Projection } from '@countersign/ledger/projection'
import { activeDevice } from '@countersign/ledger/projection-lookup'
import { timeSchema } from '@countersign/schema/bytes'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import type { DeviceId, StreamName } from '@countersign/schema/ids'
import { LEDGER } from '@countersign/schema/ids'
import { type Seen, type SignedSeen, signedSeenSchema } from '@countersign/schema/wire'
import type { LocalStore } from '../store/local-store.ts'
import { treeHeadOf } from './tree-names.ts'

export const SEEN_PURPOSE = 'seen'
const PREFIX = 'replica/seen/'
const HEARD = 'replica/seen-at/'

/** The bytes a device signs. */
export const encodeSeen = (seen: Seen): Uint8Array => encodeCanonical(seen as CborValue)

export interface Witness {
  /** When the other device made its statement, by its own clock; no later than it was heard here by ours. */
  readonly time: number
  readonly member: string
  readonly device: DeviceId
}

/**
 * How another person's device stands to what is here. `agrees`: it has verified all of the ledger that we have. `behind`: what it
 * stated last is part of ours. `ahead`: it has verified entries that this server did not give us yet. `never`: it stated nothing.
 */
export interface DeviceWitness {
  readonly device: DeviceId
  readonly member: string
  readonly time: number | null
  readonly state: 'agrees' | 'behind' | 'ahead' | 'never'
}

/** A statement that cannot stand beside our history (`earlier` null), or beside an earlier statement of the same device. */
export interface Contradiction {
  readonly kind: 'fork' | 'rollback'
  readonly seen: SignedSeen
  readonly earlier: SignedSeen | null
  readonly stream: StreamName
  readonly seq: number
}

/** An entry that a device says it has verified, of a stream that we may read, and that we have not got. */
export interface MissingEntry {
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
  /** This installation's clock (P16). */
  readonly now: () => number
}

/** A device states less than it stated before, or something else: it was shown another history than it had verified. */
const contradictsItself = (earlier: SignedSeen, seen: SignedSeen): Contradiction | null => {
  const before = new Map(earlier.statement.heads.map(({ stream, head }) => [stream, head]))
  for (const { stream, head } of seen.statement.heads) {
    const old = before.get(stream)
    if (old === undefined || old.seq < head.seq) continue
    const { seq } = old
    if (old.seq > head.seq) return { kind: 'rollback', seen, earlier, stream, seq }
    if (!equalBytes(old.hash, head.hash)) return { kind: 'fork', seen, earlier, stream, seq }
  }
  return null
}

/**
 * The newest statement of each other device about the heads it has verified (P17). A statement counts as a witness once our ledger
 * has the head it names; one that names another entry at a place we have shows a split view, one that names entries we are not
 * given shows that they are kept back.
 */
export class SeenBook {
  readonly #options: BookOptions
  readonly #statements: Map<DeviceId, SignedSeen>
  /** Devices whose newest statement goes further than our copy, and what we lack: looked at again when that grows. */
  readonly #ahead = new Map<DeviceId, readonly MissingEntry[]>()
  /** When each was heard here: one that is dated later counts as made then, and not as new until its date (P17). */
  readonly #heard: Map<DeviceId, number>
  #witness: Witness | null = null

  private constructor(
    options: BookOptions,
    statements: Map<DeviceId, SignedSeen>,
    heard: Map<DeviceId, number>,
  ) {
    this.#options = options
    this.#statements = statements
    this.#heard = heard
  }

  static async open(options: BookOptions): Promise<SeenBook> {
    const statements = new Map<DeviceId, SignedSeen>()
    for await (const page of options.store.range(PREFIX)) {
      for (const [, value] of page) {
        const seen = signedSeenSchema.parse(decodeCanonical(value))
        statements.set(seen.statement.device, seen)
      }
    }
    const heard = new Map([...statements.keys()].map((device) => [device, options.now()]))
    for await (const page of options.store.range(HEARD)) {
      for (const [key, value] of page) {
        heard.set(key.slice(HEARD.length), timeSchema.parse(decodeCanonical(value)))
      }
    }
    const book = new SeenBook(options, statements, heard)
    for (const device of statements.keys()) book.#ahead.set(device, [])
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

  /** Every device of the other people in the team, and how it stands to what is here. */
  devices(): DeviceWitness[] {
    const { projection, identity } = this.#options
    const ours = projection.head?.seq ?? -1
    const others = [...projection.devices.values()].filter(
      ({ device, member }) => member !== identity.member && activeDevice(projection, device) !== undefined,
    )
    return others.map(({ device, member }): DeviceWitness => {
      const statement = this.#statements.get(device)?.statement
      if (statement === undefined) return { device, member, time: null, state: 'never' }
      const ledger = statement.heads.find(({ stream }) => stream === LEDGER)?.head.seq ?? -1
      const lacking = (this.#ahead.get(device) ?? []).length > 0
      const state = lacking ? 'ahead' : ledger >= ours ? 'agrees' : 'behind'
      return { device, member, time: statement.time, state }
    })
  }

  /** What active devices have verified and we, who may read it, have not got. */
  missing(): MissingEntry[] {
    const { projection } = this.#options
    return [...this.#ahead].flatMap(([device, entries]) =>
      activeDevice(projection, device) === undefined ? [] : entries,
    )
  }

  /**
   * Statements that stand beside our history entry for entry: null while an active device states more than we have. Of removed
   * devices those that state more are left out: nobody can ask them any more.
   */
  settled(): SignedSeen[] | null {
    if (this.missing().length > 0) return null
    return this.all().filter(({ statement }) => (this.#ahead.get(statement.device) ?? []).length === 0)
  }

  /**
   * Takes a statement as the server gave it: ignored unless it is newer, of this team, of another active device, and signed by it.
   * `news`: it was taken. A contradiction is for the caller to sound the alarm about.
   */
  async take(seen: SignedSeen): Promise<{ news: boolean; contradiction: Contradiction | null }> {
    const { statement } = seen
    const before = this.#statements.get(statement.device)
    if (!this.#credible(seen, before)) return { news: false, contradiction: null }
    const contradiction = before === undefined ? null : contradictsItself(before, seen)
    if (contradiction !== null) return { news: true, contradiction }
    const heard = this.#options.now()
    const puts: [string, Uint8Array][] = [
      [PREFIX + statement.device, encodeCanonical(seen as CborValue)],
      [HEARD + statement.device, encodeCanonical(heard)],
    ]
    await this.#options.store.batch({ puts }, { durable: false })
    this.#statements.set(statement.device, seen)
    this.#heard.set(statement.device, heard)
    return { news: true, contradiction: await this.#compare(seen) }
  }

  /** Looks again at statements that went further than our copy did. */
  async recheck(): Promise<Contradiction | null> {
    for (const device of [...this.#ahead.keys()]) {
      const seen = this.#statements.get(device)
      if (seen === undefined) continue
      const contradiction = await this.#compare(seen)
      if (contradiction !== null) return contradiction
    }
    return null
  }

  #credible(seen: SignedSeen, before: SignedSeen | undefined): boolean {
    const { statement, signature, trees = [] } = seen
    const { identity, projection } = this.#options
    if (statement.team !== identity.team || statement.device === identity.device) return false
    const device = activeDevice(projection, statement.device)
    if (device === undefined || device.member !== statement.member) return false
    if (before !== undefined && before.statement.time >= statement.time) return false
    if (!verifySignature(device.signKey, SEEN_PURPOSE, encodeSeen(statement), signature)) return false
    const verified = new Map(before?.trees?.map((tree) => [tree.stream, tree]))
    return trees.every((tree) => {
      const known = verified.get(tree.stream)
      if (known !== undefined && equalBytes(encodeCanonical(known), encodeCanonical(tree))) return true
      return verifyCosignature(device.signKey, treeHeadOf(identity.team, tree), tree)
    })
  }

  async #compare(seen: SignedSeen): Promise<Contradiction | null> {
    const { statement } = seen
    const { projection, identity, hashAt } = this.#options
    const missing: MissingEntry[] = []
    let ledgerAgrees = false
    for (const { stream, head } of statement.heads) {
      const { seq } = head
      const ours = await hashAt(stream, seq)
      if (ours === undefined) {
        if (mayRead(projection, identity.device, stream)) missing.push({ seen, stream, seq })
      } else if (!equalBytes(ours, head.hash)) return { kind: 'fork', seen, earlier: null, stream, seq }
      else if (stream === LEDGER) ledgerAgrees = true
    }
    if (missing.length > 0) this.#ahead.set(statement.device, missing)
    else this.#ahead.delete(statement.device)
    const { member, device } = statement
    const time = Math.min(statement.time, this.#heard.get(device) ?? 0)
    if (ledgerAgrees && member !== identity.member && time > (this.#witness?.time ?? -1)) {
      this.#witness = { time, member, device }
    }
    return null
  }
}
