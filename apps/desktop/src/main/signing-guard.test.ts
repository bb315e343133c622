import { describe, expect, it } from 'vitest'
import { SIGNING_GUARD_MS, SigningGuard } from './signing-guard.ts'

describe('the first half second of a signing window', () => {
  it('S2 nothing counts before it was shown, nor once it is hidden', () => {
    const guard = new SigningGuard()
    expect(guard.counts(1e9)).toBe(false)
    guard.shown(1000)
    guard.hidden()
    expect(guard.counts(1e9)).toBe(false)
  })

  it('S2 nothing counts within it, everything after it', () => {
    const guard = new SigningGuard()
    guard.shown(1000)
    expect(guard.counts(1000 + SIGNING_GUARD_MS - 1)).toBe(false)
    expect(guard.counts(1000 + SIGNING_GUARD_MS)).toBe(true)
  })

  it('S2 the page is told no earlier than a click would count, and waits again where it was shown anew', async () => {
    const guard = new SigningGuard()
    let now = 0
    let told = false
    const wait = guard
      .untilCounts(() => now)
      .then(() => {
        told = true
      })
    await Promise.resolve()
    expect(told).toBe(false)
    guard.shown(now)
    now = SIGNING_GUARD_MS - 1
    await new Promise((resolve) => setTimeout(resolve, SIGNING_GUARD_MS + 20))
    expect(told).toBe(false)
    guard.shown(now)
    now += SIGNING_GUARD_MS
    await wait
    expect(guard.counts(now)).toBe(true)
  })
})
