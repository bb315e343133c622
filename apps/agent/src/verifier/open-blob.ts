import { createDecipheriv } from 'node:crypto'

const NONCE_AT = 1
const CIPHERTEXT_AT = 57
const TAG_BYTES = 16
const LEAST_BYTES = 137
const SIGMA = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const

const rotated = (word: number, by: number): number => ((word << by) | (word >>> (32 - by))) >>> 0

const quarter = (s: Uint32Array, a: number, b: number, c: number, d: number): void => {
  const step = (into: number, from: number, mixed: number, by: number): void => {
    s[into] = ((s[into] ?? 0) + (s[from] ?? 0)) >>> 0
    s[mixed] = rotated(((s[mixed] ?? 0) ^ (s[into] ?? 0)) >>> 0, by)
  }
  step(a, b, d, 16)
  step(c, d, b, 12)
  step(a, b, d, 8)
  step(c, d, b, 7)
}

/** HChaCha20 (draft-irtf-cfrg-xchacha-03 §2.2): the key of ChaCha20 from a key of XChaCha20 and the nonce's first 16 bytes. */
export const hchacha20 = (key: Uint8Array, nonce: Uint8Array): Uint8Array => {
  const state = new Uint32Array(16)
  state.set(SIGMA, 0)
  const input = Buffer.concat([key, nonce.subarray(0, 16)])
  for (let i = 0; i < 12; i++) state[4 + i] = input.readUInt32LE(4 * i)
  for (let round = 0; round < 10; round++) {
    quarter(state, 0, 4, 8, 12)
    quarter(state, 1, 5, 9, 13)
    quarter(state, 2, 6, 10, 14)
    quarter(state, 3, 7, 11, 15)
    quarter(state, 0, 5, 10, 15)
    quarter(state, 1, 6, 11, 12)
    quarter(state, 2, 7, 8, 13)
    quarter(state, 3, 4, 9, 14)
  }
  const out = Buffer.alloc(32)
  for (let i = 0; i < 4; i++) {
    out.writeUInt32LE(state[i] ?? 0, 4 * i)
    out.writeUInt32LE(state[12 + i] ?? 0, 16 + 4 * i)
  }
  return Uint8Array.from(out)
}

const unpadded = (padded: Uint8Array): Uint8Array | null => {
  const length = Buffer.from(padded.buffer, padded.byteOffset, padded.length).readUInt32BE(0)
  if (length > padded.length - 4) return null
  return padded.subarray(4 + length).some((byte) => byte !== 0) ? null : padded.slice(4, 4 + length)
}

/**
 * The content of a sealed blob under its message key (docs/audit-format.md, “Sealed content”): XChaCha20-Poly1305, `context` as
 * associated data. Null where key, context or blob are not of each other.
 */
export const openBlob = (key: Uint8Array, context: Uint8Array, blob: Uint8Array): Uint8Array | null => {
  if (key.length !== 32 || blob.length < LEAST_BYTES || blob[0] !== 1) return null
  const nonce = blob.subarray(NONCE_AT, NONCE_AT + 24)
  const short = new Uint8Array(12)
  short.set(nonce.subarray(16), 4)
  const ciphertext = blob.subarray(CIPHERTEXT_AT, -TAG_BYTES)
  const cipher = createDecipheriv('chacha20-poly1305', hchacha20(key, nonce), short, {
    authTagLength: TAG_BYTES,
  })
  cipher.setAAD(context, { plaintextLength: ciphertext.length })
  cipher.setAuthTag(blob.subarray(-TAG_BYTES))
  try {
    return unpadded(Buffer.concat([cipher.update(ciphertext), cipher.final()]))
  } catch {
    return null
  }
}
