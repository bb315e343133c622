import type { Assertion } from '@countersign/crypto/assertion'
import { parseAttestedCredential, parseAuthenticatorData } from '@countersign/crypto/authenticator-data'
import type { Secret } from '@countersign/crypto/secret'
import { decodeCanonical } from '@countersign/schema/canonical'
import { z } from 'zod'
import type { AuthenticatorCode, AuthenticatorFailure, CreatedKey, GotAssertion } from './authenticator.ts'

const attestationSchema = z.object({
  fmt: z.string().max(40),
  authData: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
})

const failed = (code: AuthenticatorCode): AuthenticatorFailure => ({ ok: false, code })

const decodeAttestation = (bytes: Uint8Array): z.infer<typeof attestationSchema> | undefined => {
  try {
    return attestationSchema.parse(decodeCanonical(bytes))
  } catch {
    return undefined
  }
}

/** Reads an attestation object as an authenticator returned it, and refuses what may not be enrolled (P21). */
export const readCreated = (
  attestationObject: Uint8Array,
  prfEnabled: boolean,
  prf: Secret | null,
): CreatedKey | AuthenticatorFailure => {
  const attestation = decodeAttestation(attestationObject)
  const attested = attestation && parseAttestedCredential(attestation.authData)
  if (attestation === undefined || attested === undefined) return failed('authenticator.failed')
  const { flags } = attested
  if (!flags.userVerified) return failed('authenticator.user_not_verified')
  if (flags.backupEligible) return failed('authenticator.backup_eligible')
  if (!prfEnabled && prf === null) return failed('authenticator.no_prf')
  return {
    ok: true,
    credentialId: attested.credentialId,
    publicKey: attested.publicKey,
    aaguid: attested.aaguid,
    backupEligible: flags.backupEligible,
    backupState: flags.backupState,
    attestationFormat: attestation.fmt,
    prf,
  }
}

/** Refuses an assertion without user verification, and one without the PRF output that was asked for. */
export const readGot = (
  assertion: Assertion,
  prf: Secret | null,
  prfAsked: boolean,
): GotAssertion | AuthenticatorFailure => {
  const data = parseAuthenticatorData(assertion.authenticatorData)
  if (data === undefined) return failed('authenticator.failed')
  if (!data.flags.userVerified) return failed('authenticator.user_not_verified')
  if (prfAsked && prf?.length !== 32) return failed('authenticator.no_prf')
  return { ok: true, assertion, prf: prfAsked ? prf : null }
}
