import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hex } from './hashes.ts'
import { hchacha20, openBlob } from './open-blob.ts'

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

/** Blobs of the format's frozen vectors, with their message keys. */
const vectors: { key: string; context: string; plaintext: string; blob: string }[] = JSON.parse(
  readFileSync(new URL('./vectors/message-key.json', import.meta.url), 'utf8'),
)

describe('sealed content', () => {
  it('V3 derives as draft-irtf-cfrg-xchacha-03 §2.2.1 shows', () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i)
    const derived = hchacha20(key, bytes('000000090000004a0000000031415927'))
    expect(hex(derived)).toBe('82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc')
  })

  it('V3 opens the frozen blobs', () => {
    expect(vectors.length).toBeGreaterThan(0)
    for (const { key, context, plaintext, blob } of vectors) {
      expect(hex(openBlob(bytes(key), bytes(context), bytes(blob)) ?? bytes('ff'))).toBe(plaintext)
    }
  })

  it('V3 opens with no bit flipped in key, context or blob; but the commitment, which needs the sealing key', () => {
    const { key, context, blob } = vectors[0]!
    const flips = (text: string): Uint8Array[] =>
      Array.from({ length: text.length * 4 }, (_, bit) => {
        const flipped = bytes(text)
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        return flipped
      })
    for (const each of flips(key)) expect(openBlob(each, bytes(context), bytes(blob))).toBeNull()
    for (const each of flips(context)) expect(openBlob(bytes(key), each, bytes(blob))).toBeNull()
    for (const [bit, each] of flips(blob).entries()) {
      const inCommitment = bit >= 25 * 8 && bit < 57 * 8
      expect(openBlob(bytes(key), bytes(context), each) === null, `bit ${bit}`).toBe(!inCommitment)
    }
  })

  it('V3 is null for what is no blob or no key', () => {
    expect(openBlob(new Uint8Array(32), new Uint8Array(0), new Uint8Array(136).fill(1))).toBeNull()
    expect(openBlob(new Uint8Array(31), new Uint8Array(0), new Uint8Array(200).fill(1))).toBeNull()
  })
})
