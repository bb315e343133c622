import { describe, expect, test } from 'vitest'
import { TokenBucket, TokenBuckets } from './token-bucket.ts'

describe('token bucket', () => {
  test('takes the burst, then what time has brought, never more than the burst', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0)
    expect([1, 1, 1, 1].map((cost) => bucket.take(cost, 0))).toEqual([true, true, true, false])
    expect(bucket.take(1, 99)).toBe(false)
    expect(bucket.take(1, 200)).toBe(true)
    expect([bucket.take(3, 60_000), bucket.take(1, 60_000)]).toEqual([true, false])
    expect(bucket.take(4, 1_000_000)).toBe(false)
  })

  test('a clock that goes back brings nothing', () => {
    const bucket = new TokenBucket({ perSecond: 1000, burst: 1 }, 1000)
    expect(bucket.take(1, 1000)).toBe(true)
    expect(bucket.take(1, 0)).toBe(false)
    expect(bucket.take(1, 1)).toBe(true)
  })

  test('keys do not share, and their number is bounded', () => {
    const buckets = new TokenBuckets({ perSecond: 0.001, burst: 1 }, 2)
    expect(['a', 'a', 'b'].map((key) => buckets.take(key, 1, 0))).toEqual([true, false, true])
    expect(buckets.take('c', 1, 0)).toBe(true)
    expect(buckets.take('a', 1, 0)).toBe(true)
    expect(buckets.take('c', 1, 0)).toBe(false)
  })
})
