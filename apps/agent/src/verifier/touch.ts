import { encode, type Value } from './cbor.ts'
import type { Fields } from './fields.ts'
import { same, sha256 } from './hashes.ts'
import { ed25519, es256 } from './signatures.ts'

const RP_ID = 'unlock.countersign.invalid'
const ORIGIN = `https://${RP_ID}`
const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
const BACKUP_ELIGIBLE = 0x08
const BACKED_UP = 0x10
const ATTESTED = 0x40
const EXTENSIONS = 0x80
const RESERVED = 0x22

/** SHA-256 of the canonical map of `fields` and the purpose: what a security key is given to sign. */
export const challengeFor = (
  purpose: 'enrol' | 'approve',
  fields: Readonly<Record<string, Value>>,
): Uint8Array =>
  sha256(encode(new Map(Object.entries({ ...fields, p: `countersign/v1/webauthn/${purpose}` }))))

type PublicKey = { kind: 'ES256'; x: Uint8Array; y: Uint8Array } | { kind: 'EdDSA'; x: Uint8Array }

/** A COSE key is a CBOR map with small numbers as keys, so it is read here and not with `decode`. */
const coseKey = (bytes: Uint8Array): PublicKey | null => {
  let at = 0
  const item = (): number | Uint8Array | null => {
    const head = bytes[at++]
    if (head === undefined) return null
    const major = head >> 5
    let argument = head & 31
    if (argument === 24) argument = bytes[at++] ?? 256
    else if (argument > 24) return null
    if (argument > 255) return null
    if (major === 0) return argument
    if (major === 1) return -1 - argument
    if (major !== 2 || at + argument > bytes.length) return null
    at += argument
    return bytes.subarray(at - argument, at)
  }
  const count = bytes[at++] ?? 0
  if (count >> 5 !== 5 || (count & 31) > 8) return null
  const members = new Map<number, number | Uint8Array>()
  for (let i = count & 31; i > 0; i--) {
    const key = item()
    const value = item()
    if (typeof key !== 'number' || value === null || members.has(key)) return null
    members.set(key, value)
  }
  if (at !== bytes.length) return null
  const x = members.get(-2)
  const y = members.get(-3)
  if (!(x instanceof Uint8Array) || x.length !== 32) return null
  const [type, algorithm, curve] = [1, 3, -1].map((key) => members.get(key))
  if (type === 1 && algorithm === -8 && curve === 6) return { kind: 'EdDSA', x }
  const isP256 = type === 2 && algorithm === -7 && curve === 1
  return isP256 && y instanceof Uint8Array && y.length === 32 ? { kind: 'ES256', x, y } : null
}

const clientDataProblem = (bytes: Uint8Array, challenge: Uint8Array): string | null => {
  let data: unknown
  try {
    data = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return 'its client data is not JSON'
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return 'its client data is no object'
  const member = (name: string): unknown => Object.getOwnPropertyDescriptor(data, name)?.value
  if (member('type') !== 'webauthn.get') return 'it is no assertion'
  const signed = member('challenge')
  if (typeof signed !== 'string') return 'it names no challenge'
  const bytesSigned = Buffer.from(signed, 'base64url')
  if (bytesSigned.toString('base64url') !== signed || !same(bytesSigned, challenge)) {
    return 'it signs something else than what was asked'
  }
  if (member('origin') !== ORIGIN) return 'it was made for another page'
  const cross = member('crossOrigin')
  if ((cross !== undefined && cross !== false) || member('topOrigin') !== undefined) {
    return 'it was made inside another page'
  }
  return null
}

const authenticatorProblem = (bytes: Uint8Array): string | null => {
  const flags = bytes[32]
  if (bytes.length < 37 || flags === undefined) return 'its authenticator data is cut off'
  const wellFormed =
    (flags & (RESERVED | ATTESTED)) === 0 &&
    ((flags & BACKED_UP) === 0 || (flags & BACKUP_ELIGIBLE) !== 0) &&
    ((flags & EXTENSIONS) === 0 ? bytes.length === 37 : (bytes[37] ?? 0) >> 5 === 5)
  if (!wellFormed) return 'its authenticator data is malformed'
  if (!same(bytes.subarray(0, 32), sha256(new TextEncoder().encode(RP_ID))))
    return 'it is for another service'
  if ((flags & USER_PRESENT) === 0) return 'nobody touched the key'
  return (flags & USER_VERIFIED) === 0 ? 'the key did not verify its user' : null
}

/** Why a WebAuthn assertion is not a touch on this credential over this challenge; null where it is. */
export const touchProblem = (
  assertion: Fields,
  credential: { readonly credentialId: Uint8Array; readonly publicKey: Uint8Array },
  challenge: Uint8Array,
): string | null => {
  assertion.only('credentialId', 'authenticatorData', 'clientDataJSON', 'signature')
  if (!same(assertion.bytes('credentialId'), credential.credentialId)) return 'it is by another security key'
  const clientData = assertion.bytes('clientDataJSON')
  const authenticatorData = assertion.bytes('authenticatorData')
  const problem = clientDataProblem(clientData, challenge) ?? authenticatorProblem(authenticatorData)
  if (problem !== null) return problem
  const key = coseKey(credential.publicKey)
  if (key === null) return 'its security key is of no known kind'
  const message = Uint8Array.from(Buffer.concat([authenticatorData, sha256(clientData)]))
  const signature = assertion.bytes('signature')
  const good =
    key.kind === 'EdDSA' ? ed25519(key.x, message, signature) : es256(key.x, key.y, message, signature)
  return good ? null : 'the security key did not sign it'
}
