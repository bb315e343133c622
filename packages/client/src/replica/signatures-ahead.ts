import { verifiesElsewhere } from '@countersign/crypto/verify'
import { expectedSignKey, type Projection } from '@countersign/ledger/projection'
import { decodeEntry, ENTRY_PURPOSE, type SignedEntry } from '@countersign/schema/entry'

/** Fewer are verified where they are judged, sooner than this is worth. */
const FROM = 16
/** So many at a time: enough that the other threads have work while entries are judged here, few enough that the disk waits for a moment only. */
const FLYING = 256

interface Check {
  readonly bytes: Uint8Array
  readonly done: () => void
}

/**
 * Verifies the signatures of ledger entries on other threads while they wait for their turn to be judged, by their authors' keys as they
 * are now. What is found is "this entry, good by this key", never a verdict: each is judged in its turn after the ones before it, and
 * where its author's key is another by then, or nothing good was found, the signature is verified there (decision 0036).
 */
export class SignaturesAhead {
  readonly #projection: Projection
  readonly #entries = new WeakMap<Uint8Array, SignedEntry>()
  readonly #goodFor = new WeakMap<SignedEntry, Uint8Array>()
  readonly #pending = new WeakMap<Uint8Array, Promise<void>>()
  #waiting: Check[] = []
  #flying = 0

  constructor(projection: Projection) {
    this.#projection = projection
  }

  /** Ledger entries whose turn will come, in order. */
  offer(entries: readonly Uint8Array[]): void {
    if (entries.length < FROM) return
    for (const bytes of entries) {
      this.#pending.set(bytes, new Promise((done) => this.#waiting.push({ bytes, done })))
    }
    this.#proceed()
  }

  /** It is their turn: resolves when what can be found out ahead of judging has been; never rejects. */
  async settled(entries: readonly Uint8Array[]): Promise<void> {
    // Before a team's first entry is judged nobody's key is known; what comes after it can be checked while that is written.
    if (this.#projection.head === null) this.#drop(new Set(entries))
    for (const bytes of entries) await this.#pending.get(bytes)
  }

  /** Entries were judged: keys may be known that were not before. */
  judged(): void {
    this.#proceed()
  }

  /** What was offered will not come: its connection is gone. */
  clear(): void {
    this.#drop(new Set(this.#waiting.map(({ bytes }) => bytes)))
  }

  /** The parsed entry of these bytes, where it was parsed for its signature. */
  entry(bytes: Uint8Array): SignedEntry | undefined {
    return this.#entries.get(bytes)
  }

  /** The key by which an entry's signature was found good. */
  goodFor(entry: SignedEntry): Uint8Array | undefined {
    return this.#goodFor.get(entry)
  }

  #drop(entries: ReadonlySet<Uint8Array>): void {
    const dropped = this.#waiting.filter(({ bytes }) => entries.has(bytes))
    this.#waiting = this.#waiting.filter(({ bytes }) => !entries.has(bytes))
    for (const { done } of dropped) done()
  }

  #proceed(): void {
    if (this.#projection.head === null) return
    let taken = 0
    while (this.#flying < FLYING && taken < this.#waiting.length) {
      const check = this.#waiting[taken] as Check
      taken += 1
      this.#begin(check)
    }
    if (taken > 0) this.#waiting = this.#waiting.slice(taken)
  }

  #begin({ bytes, done }: Check): void {
    const entry = this.#parsed(bytes)
    const key = entry === undefined ? undefined : expectedSignKey(this.#projection, entry.envelope)
    if (entry === undefined || key === undefined) {
      done()
      return
    }
    this.#flying += 1
    verifiesElsewhere(key, ENTRY_PURPOSE, entry.envelopeBytes, entry.signature)
      .then((good) => {
        if (good) this.#goodFor.set(entry, key)
      })
      .finally(() => {
        this.#flying -= 1
        done()
        this.#proceed()
      })
  }

  #parsed(bytes: Uint8Array): SignedEntry | undefined {
    try {
      const entry = decodeEntry(bytes)
      this.#entries.set(bytes, entry)
      return entry
    } catch {
      // Whoever judges it says what is wrong with it.
      return undefined
    }
  }
}
