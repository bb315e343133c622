import { createDecipheriv } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { open, seal } from './aead.ts'
import { encodeContext } from './context.ts'
import { messageKey } from './message-key.ts'
import { cryptoReady } from './ready.ts'
import { Secret } from './secret.ts'
import { sodium } from './sodium.ts'

beforeAll(cryptoReady)

const context = { type: 'entry-body', team: 'a' }
const openWith = (key: Uint8Array, blob: Uint8Array): Uint8Array =>
  sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
    null,
    blob.subarray(57),
    encodeContext(context),
    blob.subarray(1, 25),
    key,
  )

describe('message keys', () => {
  it('C23 opens the blob it is of, without the sealing key, and no other blob under the same key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (plaintext) => {
        const key = Secret.random()
        const blob = seal(key, context, plaintext)
        const other = seal(key, context, plaintext)
        const padded = openWith(messageKey(key, blob), blob)
        expect(padded.subarray(4, 4 + plaintext.length)).toEqual(plaintext)
        expect(() => openWith(messageKey(key, blob), other)).toThrow()
        expect(open(key, context, blob)).toEqual(plaintext)
      }),
      { numRuns: 50 },
    )
  })

  it('C23 is no key of plain ChaCha20-Poly1305: the nonce’s first half is part of the cipher’s own derivation', () => {
    const key = Secret.random()
    const blob = seal(key, context, new Uint8Array(3))
    const decipher = createDecipheriv('chacha20-poly1305', messageKey(key, blob), blob.subarray(13, 25), {
      authTagLength: 16,
    })
    decipher.setAAD(encodeContext(context), { plaintextLength: blob.length - 73 })
    decipher.setAuthTag(blob.subarray(-16))
    decipher.update(blob.subarray(57, -16))
    expect(() => decipher.final()).toThrow()
  })

  it('C23 refuses what is no blob', () => {
    expect(() => messageKey(Secret.random(), new Uint8Array(136))).toThrow()
    expect(() => messageKey(Secret.random(), new Uint8Array(200))).toThrow()
  })
})
