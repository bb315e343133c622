import { createHash } from 'node:crypto'
import { fromHex, toHex } from '@countersign/schema/hex'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leafHash, MerkleTree } from './merkle-tree.ts'

/** The reference inputs of Certificate Transparency's own tests for RFC 6962, and the roots of the trees over the first 0…8 of them. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

/** RFC 6962 §2.1 as it is written: recursive, over the whole list. */
const rfcRoot = (leaves: readonly Uint8Array[]): Uint8Array => {
  const first = leaves[0]
  if (first === undefined) return Uint8Array.from(createHash('sha256').digest())
  if (leaves.length === 1) return leafHash(first)
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  const hash = createHash('sha256').update(Uint8Array.of(1))
  return Uint8Array.from(
    hash
      .update(rfcRoot(leaves.slice(0, k)))
      .update(rfcRoot(leaves.slice(k)))
      .digest(),
  )
}

describe('Merkle tree', () => {
  it('C21 gives the reference roots of RFC 6962', () => {
    const tree = new MerkleTree()
    expect(toHex(tree.root())).toBe(ROOTS[0])
    for (const [index, leaf] of LEAVES.entries()) {
      tree.append(fromHex(leaf))
      expect(toHex(tree.root())).toBe(ROOTS[index + 1])
      expect(tree.size).toBe(index + 1)
    }
  })

  it('C21 is what the recursive definition gives, also when continued from its peaks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 70 }),
        fc.nat(70),
        (leaves, cut) => {
          const before = new MerkleTree()
          for (const leaf of leaves.slice(0, cut)) before.append(leaf)
          const tree = new MerkleTree(before.size, before.peaks)
          for (const leaf of leaves.slice(cut)) tree.append(leaf)
          expect(tree.root()).toEqual(rfcRoot(leaves))
        },
      ),
    )
  })

  it('C21 refuses peaks that are not those of a tree of the size', () => {
    const peak = new Uint8Array(32)
    for (const [size, peaks] of [
      [1, []],
      [0, [peak]],
      [3, [peak]],
      [2, [peak, peak]],
      [1, [peak.subarray(1)]],
      [-1, []],
      [0.5, []],
    ] as const) {
      expect(() => new MerkleTree(size, peaks)).toThrow('not the peaks')
    }
  })
})
