import { cryptoReady } from '@countersign/crypto/ready'
import { beforeAll, describe, expect, test } from 'vitest'
import { NONCE_LIFE_MS } from '../../core/limits.ts'
import { issueNonce, nonceExpiry } from './wrap-nonce.ts'

const secret = new Uint8Array(32).fill(9)
beforeAll(() => cryptoReady())

describe('wrap nonce', () => {
  test('P9 it holds for two minutes on every node with the same secret', () => {
    const nonce = issueNonce(secret, 1_000_000)
    expect(nonceExpiry(secret, nonce, 1_000_000 + NONCE_LIFE_MS - 1)).toBe(1_000_000 + NONCE_LIFE_MS)
    expect(nonceExpiry(secret, nonce, 1_000_000 + NONCE_LIFE_MS)).toBeNull()
  })

  test('P9 one changed bit, another length or another node’s secret makes it a stranger’s', () => {
    const nonce = issueNonce(secret, 1_000_000)
    for (let bit = 0; bit < nonce.length * 8; bit++) {
      const changed = new Uint8Array(nonce)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(nonceExpiry(secret, changed, 1_000_000)).toBeNull()
    }
    expect(nonceExpiry(secret, nonce.subarray(1), 1_000_000)).toBeNull()
    expect(nonceExpiry(new Uint8Array(32), nonce, 1_000_000)).toBeNull()
  })
})
