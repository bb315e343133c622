import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CanonicalError } from './canonical.ts'
import { decodeEntry, type Envelope, encodeEntry, encodeEnvelope } from './entry.ts'
import { newId } from './ids.ts'
import { decodeClientMessage, decodeServerMessage, encodeMessage } from './wire.ts'

const envelope = (): Envelope => ({
  v: 1,
  team: newId(),
  stream: `c/${newId()}`,
  seq: 3,
  prev: new Uint8Array(32).fill(7),
  ledger: { seq: 9, hash: new Uint8Array(32).fill(8) },
  id: newId(),
  member: newId(),
  device: newId(),
  type: 'item.put',
  time: 1_800_000_000_000,
  plain: { version: 1 },
  body: new Uint8Array([1, 2, 3]),
})

/** Every parser of foreign bytes may only refuse with one of these two. */
const refusedCleanly = (parse: () => unknown): void => {
  try {
    parse()
  } catch (error) {
    const known =
      error instanceof CanonicalError ||
      (error instanceof Error && error.name === '$ZodError') ||
      (error instanceof Error && error.name === 'ZodError')
    if (!known) throw error
  }
}

describe('entries and messages from bytes', () => {
  it('an entry comes back as it was signed', () => {
    const bytes = encodeEntry(encodeEnvelope(envelope()), new Uint8Array(64))
    const entry = decodeEntry(bytes)
    expect(encodeEntry(entry.envelopeBytes, entry.signature)).toEqual(bytes)
    expect(encodeEnvelope(entry.envelope)).toEqual(entry.envelopeBytes)
  })

  it('refuses an envelope with a member too many, one missing, or of another kind', () => {
    const sign = (each: Record<string, unknown>) =>
      encodeEntry(encodeEnvelope(each as Envelope), new Uint8Array(64))
    const { seq: _, ...missing } = envelope()
    for (const bad of [
      { ...envelope(), extra: 1 },
      missing,
      { ...envelope(), v: 2 },
      { ...envelope(), stream: 'other' },
      { ...envelope(), seq: -1 },
    ]) {
      expect(() => decodeEntry(sign(bad))).toThrow()
    }
  })

  it('any bytes, and any change to good bytes, are parsed or refused, never anything else', () => {
    const good = encodeEntry(encodeEnvelope(envelope()), new Uint8Array(64))
    const frame = encodeMessage({ type: 'pong', ref: 1, time: 5 })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat(255), (bytes, at, xor) => {
        for (const parse of [decodeEntry, decodeClientMessage, decodeServerMessage]) {
          refusedCleanly(() => parse(bytes))
          for (const from of [good, frame]) {
            const changed = Uint8Array.from(from)
            changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ xor
            refusedCleanly(() => parse(changed))
            refusedCleanly(() => parse(changed.subarray(0, at % changed.length)))
          }
        }
      }),
      { numRuns: 1000 },
    )
  })
})
