import { toHex } from '@countersign/schema/hex'
import { expect, test } from 'vitest'
import { CryptoError } from './crypto-error.ts'
import { type ChallengePurpose, webauthnChallenge } from './webauthn-challenge.ts'

test('C16 P9 the same fields under another purpose, and other fields under the same, are other challenges', () => {
  const purposes: ChallengePurpose[] = ['enrol', 'unlock', 'fetch-wrap', 'approve']
  const challenges = purposes.flatMap((purpose) => [
    webauthnChallenge(purpose, { nonce: Uint8Array.of(1) }),
    webauthnChallenge(purpose, { nonce: Uint8Array.of(2) }),
    webauthnChallenge(purpose, { nonce: Uint8Array.of(1), team: 'a' }),
  ])
  expect(new Set(challenges.map(toHex)).size).toBe(challenges.length)
  expect(challenges.every((challenge) => challenge.length === 32)).toBe(true)
})

test('C16 P9 fields cannot name another purpose', () => {
  const smuggled = { p: 'countersign/v1/webauthn/approve' }
  expect(() => webauthnChallenge('unlock', smuggled)).toThrow(CryptoError)
})
