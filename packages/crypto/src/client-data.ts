import { equalBytes } from './hash.ts'

export type ClientDataRefusal = 'malformed' | 'type' | 'challenge' | 'origin' | 'cross_origin'

export interface ClientDataExpectation {
  readonly type: 'webauthn.create' | 'webauthn.get'
  readonly challenge: Uint8Array
  readonly origins: readonly string[]
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Strict base64url without padding: the one text of some bytes, or undefined. */
const fromBase64url = (text: string): Uint8Array | undefined => {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

const parseObject = (bytes: Uint8Array): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes))
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return Object.fromEntries(Object.entries(value))
  } catch {
    return undefined
  }
}

/**
 * What is wrong with a clientDataJSON, or undefined. Parsed, never compared with a template: browsers may add members
 * (WebAuthn Level 3 §5.8.1).
 */
export const checkClientData = (
  clientDataJSON: Uint8Array,
  expected: ClientDataExpectation,
): ClientDataRefusal | undefined => {
  const data = parseObject(clientDataJSON)
  if (data === undefined || typeof data.challenge !== 'string' || typeof data.origin !== 'string')
    return 'malformed'
  if (data.type !== expected.type) return 'type'
  const challenge = fromBase64url(data.challenge)
  if (challenge === undefined || !equalBytes(challenge, expected.challenge)) return 'challenge'
  if (!expected.origins.includes(data.origin)) return 'origin'
  // Absent means the same as false; a top origin is only there when the page was framed by another.
  if ((data.crossOrigin !== undefined && data.crossOrigin !== false) || data.topOrigin !== undefined) {
    return 'cross_origin'
  }
  return undefined
}
