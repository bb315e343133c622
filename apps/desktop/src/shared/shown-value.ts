import type { SealedForWindow } from './sealed-for-window.ts'

/**
 * A value on its way from the core to the window that shows it. Main carries the message and must not be left with the value in its
 * memory, which no lock clears: so the window makes a key pair for one answer, and the core seals to it.
 * ECDH on P-256, HKDF-SHA-256 over both public keys, AES-256-GCM, all of Web Crypto, as windows have no other.
 */

/** Web Crypto's key, which has no name that Node's and the browser's types share. */
type WebKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

const CURVE = { name: 'ECDH', namedCurve: 'P-256' } as const
const PURPOSE = new TextEncoder().encode('countersign/v1/shown-value')
/** Both keys are made for one answer: nothing else is ever sealed under what they agree on. */
const NONCE = new Uint8Array(12)

const makePair = async (): Promise<{ secret: WebKey; key: Uint8Array<ArrayBuffer> }> => {
  const pair = await crypto.subtle.generateKey(CURVE, false, ['deriveBits'])
  return {
    secret: pair.privateKey,
    key: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)),
  }
}

const agree = async (secret: WebKey, theirs: Uint8Array, both: readonly Uint8Array[]): Promise<WebKey> => {
  const other = await crypto.subtle.importKey('raw', Uint8Array.from(theirs), CURVE, false, [])
  const agreed = await crypto.subtle.deriveBits({ name: 'ECDH', public: other }, secret, 256)
  const ikm = await crypto.subtle.importKey('raw', agreed, 'HKDF', false, ['deriveKey'])
  const salt = Uint8Array.from(both.flatMap((each) => [...each]))
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt, info: PURPOSE },
    ikm,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}

/** Throws where `to` is no point of the curve. */
export const sealForWindow = async (to: Uint8Array, text: string): Promise<SealedForWindow> => {
  const { secret, key } = await makePair()
  const shared = await agree(secret, to, [to, key])
  const plain = new TextEncoder().encode(text)
  const bytes = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: NONCE }, shared, plain)
  return { key, bytes: new Uint8Array(bytes) }
}

/** A window's key for one answer, and how that answer is opened; `open` throws on anything else. */
export const openingInWindow = async (): Promise<{
  to: Uint8Array
  open(sealed: SealedForWindow): Promise<string>
}> => {
  const { secret, key: to } = await makePair()
  return {
    to,
    open: async ({ key, bytes }) => {
      const shared = await agree(secret, key, [to, key])
      const plain = await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv: NONCE },
        shared,
        Uint8Array.from(bytes),
      )
      return new TextDecoder().decode(plain)
    },
  }
}
