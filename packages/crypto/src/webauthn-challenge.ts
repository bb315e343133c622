import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'
import { CryptoError } from './crypto-error.ts'
import { sha256 } from './hash.ts'

export type ChallengePurpose = 'enrol' | 'unlock' | 'fetch-wrap' | 'approve'

/**
 * SHA-256(CBOR{ p: 'countersign/v1/webauthn/<purpose>', …fields }), 32 bytes (P9, SPEC C16): what a security key signs is
 * always computed here, so a server can add a nonce among the fields but never choose the challenge.
 */
export const webauthnChallenge = (
  purpose: ChallengePurpose,
  fields: Readonly<Record<string, CborValue>>,
): Uint8Array => {
  if ('p' in fields) throw new CryptoError('bad_input', 'the purpose is not a field')
  return sha256(encodeCanonical({ ...fields, p: `countersign/v1/webauthn/${purpose}` }))
}
