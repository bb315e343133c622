import { cosign } from '@countersign/crypto/checkpoint'
import { MerkleTree } from '@countersign/crypto/merkle-tree'
import { bytesSchema } from '@countersign/schema/bytes'
import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import type { Head } from '@countersign/schema/entry'
import type { StreamName } from '@countersign/schema/ids'
import type { CosignedTree } from '@countersign/schema/wire'
import { z } from 'zod'
import type { LocalStore } from '../store/local-store.ts'
import type { DeviceIdentity } from './device-identity.ts'
import type { StreamLog } from './stream-log.ts'
import { treeOrigin } from './tree-names.ts'

const keyOf = (stream: StreamName): string => `replica/tree/${stream}`
const savedSchema = z.strictObject({
  size: z.number().int().nonnegative(),
  peaks: z.array(bytesSchema(32)).max(64),
})

interface BookOptions {
  readonly store: LocalStore
  readonly log: StreamLog
  readonly identity: Pick<DeviceIdentity, 'team' | 'signKey'>
}

/**
 * The Merkle tree of each stream as far as it is on this disk, and this device's cosignature of it. A tree is a function of its
 * stream: what is kept here saves reading it again, and is made anew where it is lost.
 */
export class TreeBook {
  readonly #options: BookOptions
  readonly #trees = new Map<StreamName, MerkleTree>()
  readonly #cosigned = new Map<StreamName, CosignedTree>()

  constructor(options: BookOptions) {
    this.#options = options
  }

  /** Cosignatures of the trees that end with these heads, all of verified entries here; a tree that did not grow is not signed again. */
  async cosign(
    heads: readonly { readonly stream: StreamName; readonly head: Head }[],
    now: number,
  ): Promise<CosignedTree[]> {
    const cosigned: CosignedTree[] = []
    for (const { stream, head } of heads) {
      const tree = await this.#grown(stream, head.seq + 1)
      const before = this.#cosigned.get(stream)
      const next = before?.size === tree.size ? before : this.#sign(stream, tree, now)
      this.#cosigned.set(stream, next)
      cosigned.push(next)
    }
    return cosigned
  }

  async #grown(stream: StreamName, size: number): Promise<MerkleTree> {
    let tree = this.#trees.get(stream) ?? (await this.#load(stream))
    if (tree.size > size) tree = new MerkleTree()
    const before = tree.size
    for await (const hashes of this.#options.log.hashPages(stream, tree.size)) {
      for (const hash of hashes) if (tree.size < size) tree.append(hash)
      if (tree.size === size) break
    }
    this.#trees.set(stream, tree)
    if (tree.size !== before) {
      const value = encodeCanonical({ size: tree.size, peaks: [...tree.peaks] })
      await this.#options.store.batch({ puts: [[keyOf(stream), value]] }, { durable: false })
    }
    return tree
  }

  async #load(stream: StreamName): Promise<MerkleTree> {
    const saved = await this.#options.store.get(keyOf(stream))
    if (saved === undefined) return new MerkleTree()
    const { size, peaks } = savedSchema.parse(decodeCanonical(saved))
    return new MerkleTree(size, peaks)
  }

  #sign(stream: StreamName, tree: MerkleTree, now: number): CosignedTree {
    const { team, signKey } = this.#options.identity
    const head = { origin: treeOrigin(team, stream), size: tree.size, root: tree.root() }
    const { time, signature } = cosign(signKey.secretKey, head, Math.floor(now / 1000))
    return { stream, size: head.size, root: head.root, time, signature }
  }
}
