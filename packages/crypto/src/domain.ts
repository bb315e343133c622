import { CryptoError } from './crypto-error.ts'

const PURPOSE = /^[a-z0-9]+(?:[a-z0-9/.-]*[a-z0-9])?$/
const MAX_CACHED = 256
const labels = new Map<string, Uint8Array>()

/** `countersign/v1/<purpose>` as ASCII bytes, without the separator (SPEC C2). Not to be written to. */
export const domainLabel = (purpose: string): Uint8Array => {
  const known = labels.get(purpose)
  if (known !== undefined) return known
  if (!PURPOSE.test(purpose)) throw new CryptoError('bad_input', 'not a purpose')
  const label = new TextEncoder().encode(`countersign/v1/${purpose}`)
  if (labels.size < MAX_CACHED) labels.set(purpose, label)
  return label
}

/** `countersign/v1/<purpose>` ‖ 0x00 ‖ bytes: injective, as no purpose contains a zero byte (SPEC C2). */
export const inDomain = (purpose: string, bytes: Uint8Array): Uint8Array => {
  const label = domainLabel(purpose)
  const out = new Uint8Array(label.length + 1 + bytes.length)
  out.set(label, 0)
  out.set(bytes, label.length + 1)
  return out
}
