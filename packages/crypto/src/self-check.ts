import { createHash, hkdfSync } from 'node:crypto'
import { CryptoError } from './crypto-error.ts'
import { sodium } from './sodium.ts'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const ascending = (from: number, count: number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, i) => from + i)
const sha256Hex = (message: Uint8Array | string): string => createHash('sha256').update(message).digest('hex')

/** draft-irtf-cfrg-xchacha-03 §A.3.1; the tag is the end of the AEAD's output. */
const xchachaTag = (): string => {
  const plaintext = new TextEncoder().encode(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  )
  const sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    plaintext,
    bytes('50515253c0c1c2c3c4c5c6c7'),
    null,
    ascending(0x40, 24),
    ascending(0x80, 32),
  )
  return Buffer.from(sealed.subarray(-16)).toString('hex')
}

/** RFC 8032 §7.1, test 2. */
const ed25519Signature = (): string => {
  const seed = bytes('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb')
  const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(seed)
  const signature = sodium.crypto_sign_detached(Uint8Array.of(0x72), privateKey)
  if (!sodium.crypto_sign_verify_detached(signature, Uint8Array.of(0x72), publicKey)) return 'refused'
  return Buffer.from(signature).toString('hex')
}

/** draft-connolly-cfrg-xwing-kem-10, appendix C, vector 1: encapsulated with its seed, then decapsulated. */
const xwingSharedSecret = (): string => {
  const { publicKey, privateKey } = sodium.crypto_kem_seed_keypair(
    bytes('7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26'),
  )
  const { ciphertext } = sodium.crypto_kem_xwing_enc_deterministic(
    publicKey,
    bytes(
      '3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2' +
        '35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2',
    ),
  )
  return Buffer.from(sodium.crypto_kem_dec(ciphertext, privateKey)).toString('hex')
}

/** RFC 5869 §A.1. */
const hkdfOutput = (): string =>
  Buffer.from(
    hkdfSync('sha256', new Uint8Array(22).fill(0x0b), ascending(0, 13), ascending(0xf0, 10), 42),
  ).toString('hex')

/** The official BLAKE2 test vectors (keyed BLAKE2b) cover 64-byte outputs: the empty message, key 00…3f. */
const blake2bDigest = (): string =>
  Buffer.from(sodium.crypto_generichash(64, new Uint8Array(0), ascending(0, 64))).toString('hex')

export type KnownAnswer = readonly [what: string, answer: () => string, expected: string]

/** One for each primitive this package is built on, from its standard; versions included. */
export const KNOWN_ANSWERS: readonly KnownAnswer[] = [
  ['libsodium version', () => sodium.SODIUM_VERSION_STRING, '1.0.22'],
  ['KEM', () => sodium.crypto_kem_PRIMITIVE, 'xwing'],
  ['SHA-256', () => sha256Hex('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'HKDF-SHA-256',
    hkdfOutput,
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  ],
  [
    'BLAKE2b',
    blake2bDigest,
    '10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786' +
      'b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568',
  ],
  ['XChaCha20-Poly1305', xchachaTag, 'c0875924c1c7987947deafd8780acf49'],
  [
    'Ed25519',
    ed25519Signature,
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  ['X-Wing', xwingSharedSecret, 'd2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384'],
]

/** Refuses to go on with a library that is not the one this format was made with, or that computes wrongly (SPEC C1). */
export const selfCheck = (answers: readonly KnownAnswer[]): void => {
  for (const [what, answer, expected] of answers) {
    if (answer() !== expected) throw new CryptoError('self_check', `${what} is not what it should be`)
  }
}
