import { createHash } from 'node:crypto'
import { CryptoError } from './crypto-error.ts'

const HASH_BYTES = 32
const LEAF = Uint8Array.of(0x00)
const NODE = Uint8Array.of(0x01)

const digest = (prefix: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256').update(prefix)
  for (const part of parts) hash.update(part)
  return Uint8Array.from(hash.digest())
}

/** RFC 6962 §2.1: SHA-256(0x00 ‖ leaf). */
export const leafHash = (leaf: Uint8Array): Uint8Array => digest(LEAF, leaf)
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => digest(NODE, left, right)

/** How many perfect subtrees a tree of `size` leaves has: one a set bit. */
const peakCount = (size: number): number => {
  let count = 0
  for (let left = size; left > 0; left = Math.floor(left / 2)) count += left % 2
  return count
}

/**
 * The Merkle tree of RFC 6962 over a growing list of leaves, kept as the roots of its perfect subtrees, largest first: appending
 * and asking for the root take O(log n) whatever the size, and nothing but that is stored (SPEC C21).
 */
export class MerkleTree {
  readonly #peaks: Uint8Array[]
  #size: number

  constructor(size = 0, peaks: readonly Uint8Array[] = []) {
    const whole =
      Number.isSafeInteger(size) &&
      size >= 0 &&
      peaks.length === peakCount(size) &&
      peaks.every((peak) => peak.length === HASH_BYTES)
    if (!whole) throw new CryptoError('bad_input', 'not the peaks of a tree of this size')
    this.#size = size
    this.#peaks = [...peaks]
  }

  get size(): number {
    return this.#size
  }

  /** What the constructor takes back. */
  get peaks(): readonly Uint8Array[] {
    return [...this.#peaks]
  }

  append(leaf: Uint8Array): void {
    let hash = leafHash(leaf)
    for (let size = this.#size; size % 2 === 1; size = Math.floor(size / 2)) {
      const left = this.#peaks.pop()
      if (left === undefined) break
      hash = nodeHash(left, hash)
    }
    this.#peaks.push(hash)
    this.#size += 1
  }

  /** The Merkle tree hash; of an empty tree SHA-256 of nothing. */
  root(): Uint8Array {
    let root: Uint8Array | undefined
    for (const peak of [...this.#peaks].reverse()) root = root === undefined ? peak : nodeHash(peak, root)
    return root ?? Uint8Array.from(createHash('sha256').digest())
  }
}
