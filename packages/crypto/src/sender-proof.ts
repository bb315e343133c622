import { createHash } from 'node:crypto'
import type { ProofKey } from '@countersign/schema/sender'
import { type CryptoKey, importJWK, jwtVerify } from 'jose'

/** What the proof of one request must be about. */
export interface ProofSubject {
  readonly method: string
  /** `http://HOST/PATH` as it was asked, without a query. */
  readonly url: string
  /** The token or claim that is sent with it. */
  readonly token: string
  /** Nonces of this API that are good now. */
  readonly nonces: readonly string[]
}

/** `nonce`: signed and about this request, under a nonce that is none any more; the rest is no proof of this request at all. */
export type ProofFault = 'malformed' | 'signature' | 'subject' | 'nonce'

export type CheckedProof =
  | { readonly ok: true; readonly nonce: string; readonly jti: string }
  | { readonly ok: false; readonly fault: ProofFault }

const ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519']
const MAX_CHARACTERS = 2048
const JTI = /^[\x21-\x7e]{8,64}$/

const fault = (what: ProofFault): CheckedProof => ({ ok: false, fault: what })

/** `ath` of RFC 9449 §4.2: base64url of SHA-256 over the token. */
export const tokenHashForProof = (token: string): string =>
  createHash('sha256').update(token, 'ascii').digest('base64url')

/**
 * Checks a DPoP proof (RFC 9449 §4.3) by the key that the program named when it asked, whatever key the proof itself carries (SPEC C24).
 * Its age is told by the nonce: clocks are not compared.
 */
export const checkProof = async (
  proof: string,
  key: CryptoKey,
  subject: ProofSubject,
): Promise<CheckedProof> => {
  if (proof.length > MAX_CHARACTERS) return fault('malformed')
  const verified = await jwtVerify(proof, key, {
    typ: 'dpop+jwt',
    algorithms: ALGORITHMS,
    // Neither `exp` nor `nbf` is part of a proof; what is not there is not judged.
    currentDate: new Date(0),
  }).catch((error: unknown) => (isBadSignature(error) ? fault('signature') : fault('malformed')))
  if ('ok' in verified) return verified
  const { htm, htu, ath, nonce, jti, iat } = verified.payload
  if (typeof jti !== 'string' || !JTI.test(jti) || typeof iat !== 'number') return fault('malformed')
  if (htm !== subject.method || htu !== subject.url || ath !== tokenHashForProof(subject.token))
    return fault('subject')
  return typeof nonce === 'string' && subject.nonces.includes(nonce)
    ? { ok: true, nonce, jti }
    : fault('nonce')
}

const isBadSignature = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'

/** The key, ready to verify with. Rejects with what WebCrypto says of a point that is not on the curve. */
export const importProofKey = async (key: ProofKey): Promise<CryptoKey> => {
  const { d: _never, ...jwk } = key
  const imported = await importJWK(jwk, key.crv === 'P-256' ? 'ES256' : 'EdDSA')
  if (imported instanceof Uint8Array) throw new TypeError('a proof key is asymmetric')
  return imported
}
