import { createPublicKey, verify } from 'node:crypto'
import { parseAuthenticatorData } from './authenticator-data.ts'
import { checkClientData } from './client-data.ts'
import { type CoseKey, parseCoseKey } from './cose-key.ts'
import { equalBytes, sha256 } from './hash.ts'
import { verifyEd25519 } from './verify-signature.ts'

/** A WebAuthn assertion as the browser gave it, without extension results: a PRF output never gets in here. */
export interface Assertion {
  readonly credentialId: Uint8Array
  readonly authenticatorData: Uint8Array
  readonly clientDataJSON: Uint8Array
  readonly signature: Uint8Array
}

export type AssertionRefusalCode =
  | 'assertion.malformed'
  | 'assertion.type'
  | 'assertion.challenge'
  | 'assertion.origin'
  | 'assertion.cross_origin'
  | 'assertion.rp'
  | 'assertion.user_present'
  | 'assertion.user_verified'
  | 'assertion.algorithm'
  | 'assertion.signature'

export type AssertionVerdict =
  | {
      readonly ok: true
      readonly signCount: number
      readonly userVerified: true
      readonly backupEligible: boolean
      readonly backupState: boolean
    }
  | { readonly ok: false; readonly code: AssertionRefusalCode }

export interface AssertionExpectation {
  readonly assertion: Assertion
  /** COSE bytes of the credential pinned for `assertion.credentialId`: looking that up is the caller's. */
  readonly publicKey: Uint8Array
  readonly challenge: Uint8Array
  readonly rpId: string
  readonly origins: readonly string[]
}

const refuse = (code: AssertionRefusalCode): AssertionVerdict => ({ ok: false, code })

const signatureIsGood = (key: CoseKey, message: Uint8Array, signature: Uint8Array): boolean => {
  if (key.algorithm === 'EdDSA') return verifyEd25519(key.x, message, signature)
  const x = Buffer.from(key.x).toString('base64url')
  const y = Buffer.from(key.y).toString('base64url')
  try {
    const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
    return verify('sha256', message, { key: publicKey, dsaEncoding: 'der' }, signature)
  } catch {
    // A point that is not on the curve, or bytes that are no DER signature: nothing was signed.
    return false
  }
}

/**
 * Verifies an assertion by the steps of WebAuthn Level 3 §7.2 that have a meaning without a server (SPEC C18).
 * The signature counter is reported and not judged; ES256 signatures are malleable, so they identify nothing (P15).
 */
export const verifyAssertion = (expected: AssertionExpectation): AssertionVerdict => {
  const { assertion } = expected
  const wrong = checkClientData(assertion.clientDataJSON, {
    type: 'webauthn.get',
    challenge: expected.challenge,
    origins: expected.origins,
  })
  if (wrong !== undefined) return refuse(`assertion.${wrong}`)

  const data = parseAuthenticatorData(assertion.authenticatorData)
  if (data === undefined || data.attested !== undefined) return refuse('assertion.malformed')
  if (!equalBytes(data.rpIdHash, sha256(new TextEncoder().encode(expected.rpId))))
    return refuse('assertion.rp')
  if (!data.flags.userPresent) return refuse('assertion.user_present')
  if (!data.flags.userVerified) return refuse('assertion.user_verified')

  const key = parseCoseKey(expected.publicKey)
  if ('code' in key) return refuse(`assertion.${key.code}`)
  const clientDataHash = sha256(assertion.clientDataJSON)
  const message = new Uint8Array(assertion.authenticatorData.length + clientDataHash.length)
  message.set(assertion.authenticatorData, 0)
  message.set(clientDataHash, assertion.authenticatorData.length)
  if (!signatureIsGood(key, message, assertion.signature)) return refuse('assertion.signature')

  const { backupEligible, backupState } = data.flags
  return { ok: true, signCount: data.signCount, userVerified: true, backupEligible, backupState }
}
