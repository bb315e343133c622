import { createHash } from 'node:crypto'
import { CryptoError } from './crypto-error.ts'
import type { Secret } from './secret.ts'
import { sodium } from './sodium.ts'
import { verifyEd25519 } from './verify-signature.ts'

/** Signature type byte of timestamped Ed25519 cosignatures (c2sp.org/signed-note, c2sp.org/tlog-cosignature). */
const COSIGNATURE_TYPE = 0x04
const utf8 = new TextEncoder()
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** A Merkle tree head of one log: `origin` names the log for ever. */
export interface TreeHead {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
}

/** `time`: seconds since 1970. */
export interface Cosignature {
  readonly time: number
  readonly signature: Uint8Array
}

const NAME = /^[a-z0-9./-]+$/

/** The text of a checkpoint (c2sp.org/tlog-checkpoint): origin, size, root, a line each. */
export const checkpointText = ({ origin, size, root }: TreeHead): string => {
  if (!NAME.test(origin) || !Number.isSafeInteger(size) || size < 0 || root.length !== 32) {
    throw new CryptoError('bad_input', 'not a tree head')
  }
  return `${origin}\n${size}\n${base64(root)}\n`
}

const messageOf = (head: TreeHead, time: number): Uint8Array => {
  if (!Number.isSafeInteger(time) || time < 0) throw new CryptoError('bad_input', 'not a time in seconds')
  return utf8.encode(`cosignature/v1\ntime ${time}\n${checkpointText(head)}`)
}

/**
 * Cosigns a tree head (c2sp.org/tlog-cosignature, Ed25519). The message begins with `cosignature/v1`, everything else that a key
 * of this product signs with `countersign/v1/`: neither can pass for the other (SPEC C22).
 */
export const cosign = (secretKey: Secret, head: TreeHead, time: number): Cosignature => {
  if (secretKey.length !== 64) throw new CryptoError('bad_key', 'a signing key is 64 bytes')
  return { time, signature: sodium.crypto_sign_detached(messageOf(head, time), secretKey.expose()) }
}

export const verifyCosignature = (publicKey: Uint8Array, head: TreeHead, cosignature: Cosignature): boolean =>
  verifyEd25519(publicKey, messageOf(head, cosignature.time), cosignature.signature)

/** The first four bytes of SHA-256(name ‖ LF ‖ type ‖ public key), as c2sp.org/signed-note recommends. */
export const noteKeyId = (name: string, type: number, publicKey: Uint8Array): Uint8Array =>
  Uint8Array.from(
    createHash('sha256')
      .update(`${name}\n`)
      .update(Uint8Array.of(type))
      .update(publicKey)
      .digest()
      .subarray(0, 4),
  )

export interface Cosigner {
  readonly name: string
  readonly publicKey: Uint8Array
}

/** A signature line of a checkpoint: `— name base64(key id ‖ time, 8 bytes ‖ signature)`. */
export const cosignatureLine = ({ name, publicKey }: Cosigner, { time, signature }: Cosignature): string => {
  if (!NAME.test(name)) throw new CryptoError('bad_input', 'not a name of a cosigner')
  const blob = new Uint8Array(4 + 8 + signature.length)
  blob.set(noteKeyId(name, COSIGNATURE_TYPE, publicKey), 0)
  new DataView(blob.buffer).setBigUint64(4, BigInt(time))
  blob.set(signature, 12)
  return `— ${name} ${base64(blob)}\n`
}

/** A checkpoint with its cosignatures, as one signed note. */
export const cosignedCheckpoint = (
  head: TreeHead,
  signed: readonly (readonly [Cosigner, Cosignature])[],
): string => `${checkpointText(head)}\n${signed.map(([by, what]) => cosignatureLine(by, what)).join('')}`
