import type { SealedText } from './sealed-text-schema.ts'

/**
 * A value on its way between the core and a window: shown there, or typed there. Main carries the message and must not be left with the
 * value in its memory, which no lock clears: so whoever is to have it names a key, and the other seals to that, under a pair of its own
 * for each message.
 * ECDH on P-256, HKDF-SHA-256 over both public keys, AES-256-GCM, all of Web Crypto, as windows have no other.
 */

/** Web Crypto's key, which has no name that Node's and the browser's types share. */
type WebKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

const CURVE = { name: 'ECDH', namedCurve: 'P-256' } as const
/** What a key is for: nothing that was sealed for the one opens as the other. */
export type SealedFor = 'shown-value' | 'typed-value'

/** The sealing side's key is made for one message: nothing else is ever sealed under what the two agree on. */
const NONCE = new Uint8Array(12)

const makePair = async (): Promise<{ secret: WebKey; key: Uint8Array<ArrayBuffer> }> => {
  const pair = await crypto.subtle.generateKey(CURVE, false, ['deriveBits'])
  return {
    secret: pair.privateKey,
    key: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)),
  }
}

const agree = async (
  purpose: SealedFor,
  secret: WebKey,
  theirs: Uint8Array,
  both: readonly Uint8Array[],
): Promise<WebKey> => {
  const other = await crypto.subtle.importKey('raw', Uint8Array.from(theirs), CURVE, false, [])
  const agreed = await crypto.subtle.deriveBits({ name: 'ECDH', public: other }, secret, 256)
  const ikm = await crypto.subtle.importKey('raw', agreed, 'HKDF', false, ['deriveKey'])
  const salt = Uint8Array.from(both.flatMap((each) => [...each]))
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt, info: new TextEncoder().encode(`countersign/v1/${purpose}`) },
    ikm,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}

/** Throws where `to` is no point of the curve. */
export const sealText = async (purpose: SealedFor, to: Uint8Array, text: string): Promise<SealedText> => {
  const { secret, key } = await makePair()
  const shared = await agree(purpose, secret, to, [to, key])
  const plain = new TextEncoder().encode(text)
  const bytes = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: NONCE }, shared, plain)
  return { key, bytes: new Uint8Array(bytes) }
}

/** A key to seal to, and how what was sealed to it is opened; `open` throws on anything else. */
export interface OpeningText {
  readonly to: Uint8Array
  open(sealed: SealedText): Promise<string>
}

export const openingText = async (purpose: SealedFor): Promise<OpeningText> => {
  const { secret, key: to } = await makePair()
  return {
    to,
    open: async ({ key, bytes }) => {
      const shared = await agree(purpose, secret, key, [to, key])
      const plain = await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv: NONCE },
        shared,
        Uint8Array.from(bytes),
      )
      return new TextDecoder().decode(plain)
    },
  }
}
