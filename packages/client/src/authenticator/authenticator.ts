import type { Assertion } from '@countersign/crypto/assertion'
import type { Secret } from '@countersign/crypto/secret'

/** Why a ceremony did not end with an answer. */
export type AuthenticatorCode =
  | 'authenticator.cancelled'
  | 'authenticator.timeout'
  /** The key that was touched is none of those asked for (or: no such key was there). */
  | 'authenticator.no_credential'
  /** The key was enrolled already. */
  | 'authenticator.already_enrolled'
  /** The key has no PRF extension, so it cannot open anything. */
  | 'authenticator.no_prf'
  /** Touched, but neither PIN nor fingerprint. */
  | 'authenticator.user_not_verified'
  /** A credential that its provider may copy to other machines (P21). */
  | 'authenticator.backup_eligible'
  | 'authenticator.not_supported'
  | 'authenticator.failed'

export interface AuthenticatorFailure {
  readonly ok: false
  readonly code: AuthenticatorCode
}

export interface CreateOptions {
  /** Shown while the key is waited for. */
  readonly purpose: string
  /** 32 bytes, always `webauthnChallenge('enrol', …)`. */
  readonly challenge: Uint8Array
  readonly userName: string
  /** 32 bytes. */
  readonly prfSalt: Uint8Array
  readonly exclude: readonly Uint8Array[]
}

/** A new credential, as the authenticator attested it. */
export interface CreatedKey {
  readonly ok: true
  readonly credentialId: Uint8Array
  /** COSE key. */
  readonly publicKey: Uint8Array
  readonly aaguid: Uint8Array
  readonly backupEligible: boolean
  readonly backupState: boolean
  readonly attestationFormat: string
  /** 32 bytes; null where this key answers only at `get`. */
  readonly prf: Secret | null
}

export interface GetOptions {
  readonly purpose: string
  /** 32 bytes, always made by `webauthnChallenge` (P9). */
  readonly challenge: Uint8Array
  /** `prfSalt` null: no PRF output is asked for; approve ceremonies never do (P9). */
  readonly allow: readonly { readonly credentialId: Uint8Array; readonly prfSalt: Uint8Array | null }[]
}

/** The PRF output is never inside the assertion. */
export interface GotAssertion {
  readonly ok: true
  readonly assertion: Assertion
  readonly prf: Secret | null
}

/** Whatever does a WebAuthn ceremony: the ceremony window, a software key; later libfido2. Expected refusals are values. */
export interface Authenticator {
  /** Software keys are marked wherever they appear. */
  readonly software: boolean
  create(options: CreateOptions): Promise<CreatedKey | AuthenticatorFailure>
  get(options: GetOptions): Promise<GotAssertion | AuthenticatorFailure>
  /** Ends the ceremony under way, if any, with `authenticator.cancelled`. */
  cancel(): void
}
