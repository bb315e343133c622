import { createHmac } from 'node:crypto'
import { equalBytes, randomBytes } from '@countersign/crypto/verify'
import { NONCE_LIFE_MS } from '../../core/limits.ts'

/* 8 bytes expiry (milliseconds, big endian) ‖ 16 random ‖ 24 of HMAC-SHA-256(node secret, the 24 before): nothing is kept until one is used. */
const BODY_BYTES = 24

const tag = (secret: Uint8Array, body: Uint8Array): Uint8Array =>
  createHmac('sha256', secret).update('countersign/v1/wrap-nonce').update(body).digest().subarray(0, 24)

/** A nonce that any node with the same secret takes back within two minutes. 48 bytes. */
export const issueNonce = (secret: Uint8Array, now: number): Uint8Array => {
  const body = Buffer.alloc(BODY_BYTES)
  body.writeBigUInt64BE(BigInt(now + NONCE_LIFE_MS))
  body.set(randomBytes(16), 8)
  return new Uint8Array(Buffer.concat([body, tag(secret, body)]))
}

/** When a nonce of ours expires; null if it is not ours or has expired. */
export const nonceExpiry = (secret: Uint8Array, nonce: Uint8Array, now: number): number | null => {
  const body = nonce.subarray(0, BODY_BYTES)
  if (nonce.length !== 48 || !equalBytes(nonce.subarray(BODY_BYTES), tag(secret, body))) return null
  const expiresAt = Number(Buffer.from(body).readBigUInt64BE())
  return expiresAt > now ? expiresAt : null
}
