import { endOfCoseKey } from './cose-key.ts'

/** The flags of authenticator data (WebAuthn Level 3 §6.1). */
export interface AuthenticatorFlags {
  readonly userPresent: boolean
  readonly userVerified: boolean
  readonly backupEligible: boolean
  readonly backupState: boolean
}

export interface AttestedCredential {
  /** 16 bytes naming the model of authenticator. */
  readonly aaguid: Uint8Array
  readonly credentialId: Uint8Array
  /** COSE_Key bytes, exactly as the authenticator wrote them. */
  readonly publicKey: Uint8Array
}

export interface AuthenticatorData {
  readonly rpIdHash: Uint8Array
  readonly flags: AuthenticatorFlags
  readonly signCount: number
  readonly attested?: AttestedCredential
}

const FLAG = {
  userPresent: 0x01,
  userVerified: 0x04,
  backupEligible: 0x08,
  backupState: 0x10,
  attested: 0x40,
}
const EXTENSIONS = 0x80
const RESERVED = 0x22
const FIXED_BYTES = 37
const MAX_CREDENTIAL_ID_BYTES = 1023

const parseAttested = (bytes: Uint8Array): { credential: AttestedCredential; end: number } | undefined => {
  const idAt = FIXED_BYTES + 18
  if (bytes.length < idAt) return undefined
  const idBytes = ((bytes[idAt - 2] ?? 0) << 8) | (bytes[idAt - 1] ?? 0)
  if (idBytes === 0 || idBytes > MAX_CREDENTIAL_ID_BYTES) return undefined
  const keyAt = idAt + idBytes
  const end = endOfCoseKey(bytes, keyAt)
  if (end === undefined) return undefined
  const credential = {
    aaguid: bytes.slice(FIXED_BYTES, FIXED_BYTES + 16),
    credentialId: bytes.slice(idAt, keyAt),
    publicKey: bytes.slice(keyAt, end),
  }
  return { credential, end }
}

/** Authenticator data, or undefined if it is not well-formed. Extension outputs are allowed where flagged, not read. */
export const parseAuthenticatorData = (bytes: Uint8Array): AuthenticatorData | undefined => {
  const bits = bytes[32]
  if (bytes.length < FIXED_BYTES || bits === undefined || (bits & RESERVED) !== 0) return undefined
  const flags = {
    userPresent: (bits & FLAG.userPresent) !== 0,
    userVerified: (bits & FLAG.userVerified) !== 0,
    backupEligible: (bits & FLAG.backupEligible) !== 0,
    backupState: (bits & FLAG.backupState) !== 0,
  }
  if (flags.backupState && !flags.backupEligible) return undefined
  const attested = (bits & FLAG.attested) !== 0 ? parseAttested(bytes) : undefined
  if ((bits & FLAG.attested) !== 0 && attested === undefined) return undefined
  const end = attested?.end ?? FIXED_BYTES
  // Extensions are one CBOR map (major type 5) up to the end, there exactly when flagged.
  if ((bits & EXTENSIONS) === 0 ? end !== bytes.length : (bytes[end] ?? 0) >> 5 !== 5) return undefined
  const signCount = new DataView(bytes.buffer, bytes.byteOffset).getUint32(33)
  const data = { rpIdHash: bytes.slice(0, 32), flags, signCount }
  return attested === undefined ? data : { ...data, attested: attested.credential }
}

/** The credential that authenticator data of a `create()` carries; undefined if malformed or without one. */
export const parseAttestedCredential = (
  authenticatorData: Uint8Array,
):
  | (AttestedCredential & { rpIdHash: Uint8Array; flags: AuthenticatorFlags; signCount: number })
  | undefined => {
  const data = parseAuthenticatorData(authenticatorData)
  if (data?.attested === undefined) return undefined
  return { ...data.attested, rpIdHash: data.rpIdHash, flags: data.flags, signCount: data.signCount }
}
