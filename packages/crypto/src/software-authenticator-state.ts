import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { CryptoError } from './crypto-error.ts'
import type { SoftwareCredential } from './software-credential.ts'

/** What kind of security key this one behaves as. */
export interface SoftwareAuthenticatorOptions {
  /** PRF output already at `create()`; many real keys give it only at `get()`. Default false. */
  readonly prfAtCreate: boolean
  /** Whether it verifies its user; false makes genuine answers without the flag, for tests of the refusing side. */
  readonly userVerified: boolean
  readonly supportsPrf: boolean
  /** A credential that its provider may copy to other machines. */
  readonly backupEligible: boolean
  /** `packed` is self-attestation: signed by the credential's own key. */
  readonly attestation: 'packed' | 'none'
}

/** What a software authenticator remembers between runs. */
export interface SoftwareAuthenticatorState {
  readonly options: SoftwareAuthenticatorOptions
  readonly signCount: number
  readonly credentials: readonly SoftwareCredential[]
}

const FORMAT = 'countersign/v1/software-authenticator'

/** Canonical CBOR of the state; secret. */
export const encodeAuthenticator = ({
  options,
  signCount,
  credentials,
}: SoftwareAuthenticatorState): Uint8Array =>
  encodeCanonical({
    format: FORMAT,
    options: { ...options },
    signCount,
    credentials: credentials.map((credential) => ({ ...credential })),
  })

const refuse = (): never => {
  throw new CryptoError('bad_input', 'not a software authenticator')
}

type Members = Readonly<Record<string, unknown>>

const members = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : refuse()

const bytes = (value: unknown, length?: number): Uint8Array =>
  value instanceof Uint8Array && (length === undefined || value.length === length)
    ? Uint8Array.from(value)
    : refuse()

const boolean = (value: unknown): boolean => (typeof value === 'boolean' ? value : refuse())

const parseOptions = (value: unknown): SoftwareAuthenticatorOptions => {
  const given = members(value)
  return {
    prfAtCreate: boolean(given.prfAtCreate),
    userVerified: boolean(given.userVerified),
    supportsPrf: boolean(given.supportsPrf),
    backupEligible: boolean(given.backupEligible),
    attestation:
      given.attestation === 'packed' || given.attestation === 'none' ? given.attestation : refuse(),
  }
}

const parseCredential = (value: unknown): SoftwareCredential => {
  const given = members(value)
  return {
    id: bytes(given.id),
    rpId: typeof given.rpId === 'string' ? given.rpId : refuse(),
    userId: bytes(given.userId),
    d: bytes(given.d, 32),
    x: bytes(given.x, 32),
    y: bytes(given.y, 32),
    credRandomWithUV: bytes(given.credRandomWithUV, 32),
    credRandomWithoutUV: bytes(given.credRandomWithoutUV, 32),
  }
}

/** The inverse of `encodeAuthenticator`; throws `bad_input`. */
export const decodeAuthenticator = (encoded: Uint8Array): SoftwareAuthenticatorState => {
  let value: unknown
  try {
    value = decodeCanonical(encoded)
  } catch (cause) {
    throw new CryptoError('bad_input', 'not a software authenticator', { cause })
  }
  const { format, options, signCount, credentials } = members(value)
  if (format !== FORMAT || typeof signCount !== 'number' || !Array.isArray(credentials)) return refuse()
  return { options: parseOptions(options), signCount, credentials: credentials.map(parseCredential) }
}
