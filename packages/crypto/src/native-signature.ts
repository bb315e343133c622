import { createPublicKey, type KeyObject, verify } from 'node:crypto'

/** y-coordinates of the eight points whose order divides 8 (orders 4, 1, 8, 8, 2), little-endian, sign bit cleared. */
const SMALL_ORDER: ReadonlySet<string> = new Set(
  [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ].map((hex) => Buffer.from(hex, 'hex').toString('latin1')),
)

/** First bytes of those coordinates: most points are told apart by theirs. */
const SMALL_ORDER_STARTS: ReadonlySet<number> = new Set([0x00, 0x01, 0x26, 0xc7, 0xec])

/** Whether 32 bytes at `at` encode a y below 2²⁵⁵ − 19 that belongs to no point of small order. Whether there is such a point it does not say. */
const isOrdinaryPoint = (bytes: Uint8Array, at: number): boolean => {
  const first = bytes[at] as number
  const last = (bytes[at + 31] as number) & 0x7f
  if (last === 0x7f && first >= 0xed) {
    let i = 1
    while (i < 31 && bytes[at + i] === 0xff) i += 1
    if (i === 31) return false
  }
  if (!SMALL_ORDER_STARTS.has(first)) return true
  const y = Buffer.from(bytes.subarray(at, at + 32))
  y[31] = last
  return !SMALL_ORDER.has(y.toString('latin1'))
}

/** SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410 §4). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')
const MAX_KEYS = 2048
const keys = new Map<string, KeyObject>()

const keyObject = (publicKey: Uint8Array): KeyObject => {
  const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, 32).toString('latin1')
  const known = keys.get(name)
  if (known !== undefined) return known
  const made = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' })
  if (keys.size >= MAX_KEYS) {
    const [oldest] = keys.keys()
    if (oldest !== undefined) keys.delete(oldest)
  }
  keys.set(name, made)
  return made
}

/**
 * Whether node:crypto may be asked (SPEC C9): key and R are canonical encodings and of no small order, and s < 2²⁵² < ℓ. What it then
 * accepts, libsodium accepts; what it refuses, libsodium has to judge.
 */
const mayAsk = (publicKey: Uint8Array, signature: Uint8Array): boolean =>
  publicKey.length === 32 &&
  signature.length === 64 &&
  ((signature[63] as number) & 0xf0) === 0 &&
  isOrdinaryPoint(publicKey, 0) &&
  isOrdinaryPoint(signature, 0)

/** True: the signature is good. False: ask libsodium. */
export const acceptsNatively = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  mayAsk(publicKey, signature) && verify(null, message, keyObject(publicKey), signature)

/** The same on a thread of the pool; nothing may be written to the arguments until it answers. */
export const acceptsNativelyElsewhere = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> => {
  if (!mayAsk(publicKey, signature)) return Promise.resolve(false)
  return new Promise((resolve) => {
    verify(null, message, keyObject(publicKey), signature, (error, accepted) =>
      resolve(error === null && accepted),
    )
  })
}
