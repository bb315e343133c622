import { sha256 } from './hashes.ts'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

interface Subtree {
  readonly size: number
  readonly hash: Uint8Array
}

/** The Merkle tree of RFC 6962 §2.1, leaf by leaf. */
export class Tree {
  /** Perfect subtrees from the left, each at least twice as large as the next. */
  readonly #subtrees: Subtree[] = []

  get size(): number {
    return this.#subtrees.reduce((sum, { size }) => sum + size, 0)
  }

  add(leaf: Uint8Array): void {
    this.#subtrees.push({ size: 1, hash: sha256(LEAF, leaf) })
    for (;;) {
      const right = this.#subtrees.at(-1)
      const left = this.#subtrees.at(-2)
      if (left === undefined || right === undefined || left.size !== right.size) return
      this.#subtrees.length -= 2
      this.#subtrees.push({ size: left.size * 2, hash: sha256(NODE, left.hash, right.hash) })
    }
  }

  root(): Uint8Array {
    if (this.#subtrees.length === 0) return sha256()
    return this.#subtrees.map(({ hash }) => hash).reduceRight((right, left) => sha256(NODE, left, right))
  }
}
