import type { Entry } from './entry.ts'
import type { Head } from './fields.ts'
import { same } from './hashes.ts'
import type { Findings } from './report.ts'
import { Tree } from './tree.ts'

const ZERO = new Uint8Array(32)

/** One stream as it goes by: its chain, its Merkle tree, and the places that somebody signed something about. */
export class StreamCheck {
  readonly stream: string
  readonly #tree = new Tree()
  readonly #seqs: ReadonlySet<number>
  readonly #sizes: ReadonlySet<number>
  readonly #hashes = new Map<number, Uint8Array>()
  readonly #roots = new Map<number, Uint8Array>()
  readonly #witnesses = new Set<string>()
  #head: Head | null = null
  #size = 0

  constructor(
    stream: string,
    places: { readonly seqs: ReadonlySet<number>; readonly sizes: ReadonlySet<number> },
  ) {
    this.stream = stream
    this.#seqs = places.seqs
    this.#sizes = places.sizes
  }

  get head(): Head | null {
    return this.#head
  }

  get size(): number {
    return this.#size
  }

  get witnessedBy(): number {
    return this.#witnesses.size
  }

  witness(device: string): void {
    this.#witnesses.add(device)
  }

  hashAt(seq: number): Uint8Array | undefined {
    return this.#hashes.get(seq)
  }

  rootAt(size: number): Uint8Array | undefined {
    return this.#roots.get(size)
  }

  /** Takes the next entry; what is wrong with its place goes to `findings`, and reading goes on from it. */
  take(entry: Entry, findings: Findings): void {
    const { seq, prev, hash } = entry
    const place = `Entry ${seq} of ${this.stream}`
    const expected = this.#head === null ? 0 : this.#head.seq + 1
    if (seq !== expected) {
      const what =
        seq > expected ? 'entries before it are missing' : 'it is out of order or stands there twice'
      findings.add('damaged', 'chain.order', `${place} stands where entry ${expected} belongs: ${what}.`)
    } else if (!same(prev, this.#head?.hash ?? ZERO)) {
      findings.add(
        'damaged',
        'chain.prev',
        `${place} does not follow the entry before it: one of them is not what was written.`,
      )
    }
    this.#head = { seq, hash }
    this.#size += 1
    this.#tree.add(hash)
    if (this.#seqs.has(seq)) this.#hashes.set(seq, hash)
    if (this.#sizes.has(this.#size)) this.#roots.set(this.#size, this.#tree.root())
  }
}
