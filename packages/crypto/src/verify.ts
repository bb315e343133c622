/**
 * The only part of this package that the server may import (P24): it hashes and verifies, and reaches nothing that
 * seals, opens, derives or holds a key.
 */
export type {
  Assertion,
  AssertionExpectation,
  AssertionRefusalCode,
  AssertionVerdict,
} from './assertion.ts'
export { verifyAssertion } from './assertion.ts'
export type { AttestedCredential, AuthenticatorFlags } from './authenticator-data.ts'
export { parseAttestedCredential } from './authenticator-data.ts'
export { CryptoError } from './crypto-error.ts'
export { equalBytes, hashOf, sha256 } from './hash.ts'
export { randomBytes } from './random.ts'
export { cryptoReady } from './ready.ts'
export { RP_ID, RP_ORIGIN } from './rp.ts'
export { verifiesElsewhere, verifySignature } from './verify-signature.ts'
export type { ChallengePurpose } from './webauthn-challenge.ts'
export { webauthnChallenge } from './webauthn-challenge.ts'
