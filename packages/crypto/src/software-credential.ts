import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { sha256 } from './hash.ts'
import { randomBytes } from './random.ts'
import { Secret } from './secret.ts'

/** One credential of a software authenticator. `d` and the CredRandoms are secret; all keys are 32 bytes. */
export interface SoftwareCredential {
  readonly id: Uint8Array
  readonly rpId: string
  readonly userId: Uint8Array
  /** P-256 private scalar and public point. */
  readonly d: Uint8Array
  readonly x: Uint8Array
  readonly y: Uint8Array
  /** hmac-secret's CredRandom (CTAP 2.1 §12.5), with and without user verification. */
  readonly credRandomWithUV: Uint8Array
  readonly credRandomWithoutUV: Uint8Array
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

const fromBase64url = (text: string | undefined): Uint8Array => {
  const bytes = Uint8Array.from(Buffer.from(text ?? '', 'base64url'))
  if (bytes.length !== 32) throw new RangeError('a P-256 coordinate is 32 bytes')
  return bytes
}

export const newSoftwareCredential = (rpId: string, userId: Uint8Array): SoftwareCredential => {
  const { d, x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  return {
    id: randomBytes(32),
    rpId,
    userId,
    d: fromBase64url(d),
    x: fromBase64url(x),
    y: fromBase64url(y),
    credRandomWithUV: randomBytes(32),
    credRandomWithoutUV: randomBytes(32),
  }
}

/** ES256, DER-encoded, over a message. */
export const signWith = (credential: SoftwareCredential, message: Uint8Array): Uint8Array => {
  const { d, x, y } = credential
  const key = createPrivateKey({
    key: { kty: 'EC', crv: 'P-256', d: base64url(d), x: base64url(x), y: base64url(y) },
    format: 'jwk',
  })
  return Uint8Array.from(sign('sha256', message, { key, dsaEncoding: 'der' }))
}

/** The COSE_Key bytes of the public key in CTAP2 canonical order: kty, alg, crv, x, y. */
export const coseKeyOf = ({ x, y }: SoftwareCredential): Uint8Array =>
  Uint8Array.of(0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32, ...x, 0x22, 0x58, 32, ...y)

/** What the PRF extension gives for a salt: HMAC-SHA-256(CredRandom, SHA-256('WebAuthn PRF' ‖ 0x00 ‖ salt)), 32 bytes. */
export const prfOf = (credential: SoftwareCredential, salt: Uint8Array, userVerified: boolean): Secret => {
  const label = new TextEncoder().encode('WebAuthn PRF\0')
  const message = new Uint8Array(label.length + salt.length)
  message.set(label, 0)
  message.set(salt, label.length)
  const credRandom = userVerified ? credential.credRandomWithUV : credential.credRandomWithoutUV
  return Secret.take(Uint8Array.from(createHmac('sha256', credRandom).update(sha256(message)).digest()))
}
