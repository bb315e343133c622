import { randomFillSync } from 'node:crypto'
import { type Context, MAX_CONTEXT_BYTES, writeContext } from './context.ts'
import { CryptoError, openFailed } from './crypto-error.ts'
import { domainLabel } from './domain.ts'
import { padmeLength } from './padme.ts'
import type { Secret } from './secret.ts'
import { type RawSodium, rawSodium } from './sodium.ts'

export type { Context } from './context.ts'

const VERSION = 1
const KEY_BYTES = 32
const NONCE_BYTES = 24
const COMMITMENT_BYTES = 32
const TAG_BYTES = 16
const LENGTH_BYTES = 4
const NONCE_AT = 1
const COMMITMENT_AT = NONCE_AT + NONCE_BYTES
const CIPHERTEXT_AT = COMMITMENT_AT + COMMITMENT_BYTES
/** Fewest bytes of padded plaintext: all short secrets and wrapped keys look alike. */
const FLOOR_BYTES = 64
const MIN_BLOB_BYTES = CIPHERTEXT_AT + FLOOR_BYTES + TAG_BYTES
/** Longest plaintext, bytes. */
export const MAX_PLAINTEXT_BYTES = 16 * 1024 * 1024
const MAX_BLOB_BYTES = CIPHERTEXT_AT + padmeLength(MAX_PLAINTEXT_BYTES + LENGTH_BYTES) + TAG_BYTES

/**
 * One block of the WebAssembly heap, laid out once and used by every call: all calls are synchronous, so there is one user
 * at a time, and every call wipes what it wrote. Addresses are offsets into `raw.HEAPU8`.
 */
interface Arena {
  readonly raw: RawSodium
  readonly key: number
  readonly encryptKey: number
  readonly commitment: number
  /** Label ‖ 0x00 ‖ nonce, the message of the two sub-key hashes. */
  readonly encryptMessage: number
  readonly encryptMessageBytes: number
  readonly commitMessage: number
  readonly commitMessageBytes: number
  readonly context: number
  blob: number
  blobCapacity: number
}

let arena: Arena | undefined

const layOut = (): Arena => {
  const raw = rawSodium()
  const encryptLabel = domainLabel('aead/encrypt')
  const commitLabel = domainLabel('aead/commit')
  const encryptMessageBytes = encryptLabel.length + 1 + NONCE_BYTES
  const commitMessageBytes = commitLabel.length + 1 + NONCE_BYTES
  const blobCapacity = 65_536
  const key = raw._malloc(
    2 * KEY_BYTES + COMMITMENT_BYTES + encryptMessageBytes + commitMessageBytes + MAX_CONTEXT_BYTES,
  )
  const blob = raw._malloc(blobCapacity)
  if (key === 0 || blob === 0) throw new CryptoError('self_check', 'no memory for the cipher')
  const encryptKey = key + KEY_BYTES
  const commitment = encryptKey + KEY_BYTES
  const encryptMessage = commitment + COMMITMENT_BYTES
  const commitMessage = encryptMessage + encryptMessageBytes
  const context = commitMessage + commitMessageBytes
  raw.HEAPU8.set(encryptLabel, encryptMessage)
  raw.HEAPU8[encryptMessage + encryptLabel.length] = 0
  raw.HEAPU8.set(commitLabel, commitMessage)
  raw.HEAPU8[commitMessage + commitLabel.length] = 0
  return {
    raw,
    key,
    encryptKey,
    commitment,
    encryptMessage,
    encryptMessageBytes,
    commitMessage,
    commitMessageBytes,
    context,
    blob,
    blobCapacity,
  }
}

/** The arena with room for a blob of so many bytes; it keeps the largest size it has seen. */
const arenaFor = (blobBytes: number): Arena => {
  arena ??= layOut()
  if (blobBytes > arena.blobCapacity) {
    const larger = arena.raw._malloc(blobBytes)
    if (larger === 0) throw new CryptoError('self_check', 'no memory for the cipher')
    arena.raw._free(arena.blob)
    arena.blob = larger
    arena.blobCapacity = blobBytes
  }
  return arena
}

/** From the key and the blob's nonce, the encryption key and the commitment to the key (SPEC C5), both in the arena. */
const deriveSubKeys = (a: Arena, key: Secret): void => {
  const heap = a.raw.HEAPU8
  const nonce = a.blob + NONCE_AT
  heap.set(key.expose(), a.key)
  heap.copyWithin(a.encryptMessage + a.encryptMessageBytes - NONCE_BYTES, nonce, nonce + NONCE_BYTES)
  heap.copyWithin(a.commitMessage + a.commitMessageBytes - NONCE_BYTES, nonce, nonce + NONCE_BYTES)
  const failed =
    a.raw._crypto_generichash(
      a.encryptKey,
      KEY_BYTES,
      a.encryptMessage,
      a.encryptMessageBytes,
      0,
      a.key,
      KEY_BYTES,
    ) |
    a.raw._crypto_generichash(
      a.commitment,
      COMMITMENT_BYTES,
      a.commitMessage,
      a.commitMessageBytes,
      0,
      a.key,
      KEY_BYTES,
    )
  if (failed !== 0) throw new CryptoError('self_check', 'BLAKE2b failed')
}

const wipe = (a: Arena, blobBytes: number): void => {
  a.raw.HEAPU8.fill(0, a.key, a.encryptMessage)
  a.raw.HEAPU8.fill(0, a.blob, a.blob + blobBytes)
}

const nonceScratch = new Uint8Array(NONCE_BYTES)

/**
 * Seals with XChaCha20-Poly1305 under a key of 32 bytes, committing to the key (SPEC C4–C6).
 *
 * Blob: 0x01 ‖ nonce (24) ‖ commitment (32) ‖ ciphertext ‖ tag (16). The plaintext is padded to a Padmé length of at
 * least 64 bytes, or of `atLeastBytes` where the sizes of one kind of content would tell them apart.
 */
export const seal = (key: Secret, context: Context, plaintext: Uint8Array, atLeastBytes = 0): Uint8Array => {
  if (key.length !== KEY_BYTES) throw new CryptoError('bad_key', 'a sealing key is 32 bytes')
  if (plaintext.length > MAX_PLAINTEXT_BYTES || atLeastBytes > MAX_PLAINTEXT_BYTES) {
    throw new CryptoError('bad_input', 'too long to seal')
  }
  const paddedBytes = padmeLength(Math.max(FLOOR_BYTES, atLeastBytes, LENGTH_BYTES + plaintext.length))
  const blobBytes = CIPHERTEXT_AT + paddedBytes + TAG_BYTES
  const a = arenaFor(blobBytes)
  const heap = a.raw.HEAPU8
  try {
    const contextEnd = writeContext(context, heap, a.context)
    const padded = a.blob + CIPHERTEXT_AT
    heap[a.blob] = VERSION
    heap.set(randomFillSync(nonceScratch), a.blob + NONCE_AT)
    deriveSubKeys(a, key)
    heap.copyWithin(a.blob + COMMITMENT_AT, a.commitment, a.commitment + COMMITMENT_BYTES)
    heap[padded] = plaintext.length >>> 24
    heap[padded + 1] = plaintext.length >>> 16
    heap[padded + 2] = plaintext.length >>> 8
    heap[padded + 3] = plaintext.length
    heap.set(plaintext, padded + LENGTH_BYTES)
    heap.fill(0, padded + LENGTH_BYTES + plaintext.length, padded + paddedBytes)
    const failed = a.raw._crypto_aead_xchacha20poly1305_ietf_encrypt(
      padded,
      0,
      padded,
      paddedBytes,
      0,
      a.context,
      contextEnd - a.context,
      0,
      0,
      a.blob + NONCE_AT,
      a.encryptKey,
    )
    if (failed !== 0) throw new CryptoError('self_check', 'encryption failed')
    return heap.slice(a.blob, a.blob + blobBytes)
  } finally {
    wipe(a, blobBytes)
  }
}

/** The inverse of `seal`. Whatever is wrong with key, context or blob, it throws the same `open_failed`. */
export const open = (key: Secret, context: Context, blob: Uint8Array): Uint8Array => {
  if (key.length !== KEY_BYTES) throw new CryptoError('bad_key', 'a sealing key is 32 bytes')
  if (blob.length < MIN_BLOB_BYTES || blob.length > MAX_BLOB_BYTES || blob[0] !== VERSION) throw openFailed()
  const a = arenaFor(blob.length)
  const heap = a.raw.HEAPU8
  try {
    const contextEnd = writeContext(context, heap, a.context)
    heap.set(blob, a.blob)
    deriveSubKeys(a, key)
    let difference = 0
    for (let i = 0; i < COMMITMENT_BYTES; i++) {
      difference |= (heap[a.commitment + i] ?? 0) ^ (heap[a.blob + COMMITMENT_AT + i] ?? 0)
    }
    if (difference !== 0) throw openFailed()
    const padded = a.blob + CIPHERTEXT_AT
    const failed = a.raw._crypto_aead_xchacha20poly1305_ietf_decrypt(
      padded,
      0,
      0,
      padded,
      blob.length - CIPHERTEXT_AT,
      0,
      a.context,
      contextEnd - a.context,
      0,
      a.blob + NONCE_AT,
      a.encryptKey,
    )
    if (failed !== 0) throw openFailed()
    return unpad(heap, padded, blob.length - CIPHERTEXT_AT - TAG_BYTES)
  } finally {
    wipe(a, blob.length)
  }
}

/** Length (4, big-endian) ‖ plaintext ‖ zeros; anything else was made by a faulty sealer. */
const unpad = (heap: Uint8Array, at: number, paddedBytes: number): Uint8Array => {
  let length = 0
  for (let i = 0; i < LENGTH_BYTES; i++) length = length * 256 + (heap[at + i] ?? 0)
  const start = at + LENGTH_BYTES
  const end = start + length
  if (length > paddedBytes - LENGTH_BYTES) throw openFailed()
  for (let i = end; i < at + paddedBytes; i++) if (heap[i] !== 0) throw openFailed()
  return heap.slice(start, end)
}
