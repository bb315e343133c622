import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ed25519, es256 } from './signatures.ts'

const message = new TextEncoder().encode('what is signed')

describe('signatures', () => {
  it('V11 verifies what was signed, over nothing else and by nobody else', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const raw = (key: typeof publicKey): Uint8Array =>
      Uint8Array.from(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'))
    const signature = Uint8Array.from(sign(null, message, privateKey))
    expect(ed25519(raw(publicKey), message, signature)).toBe(true)
    expect(ed25519(raw(publicKey), message.subarray(1), signature)).toBe(false)
    expect(ed25519(raw(generateKeyPairSync('ed25519').publicKey), message, signature)).toBe(false)
    expect(ed25519(raw(publicKey).subarray(1), message, signature)).toBe(false)
  })

  it('V11 takes no key and no R of small order or not reduced, whatever the library under Node does', () => {
    const tail = (first: number, rest: number, last: number): Uint8Array =>
      Uint8Array.from([first, ...new Array(30).fill(rest), last])
    const odd = [
      tail(0, 0, 0),
      tail(0, 0, 0x80),
      tail(1, 0, 0),
      tail(1, 0, 0x80),
      tail(0xec, 0xff, 0x7f),
      tail(0xec, 0xff, 0xff),
      tail(0xed, 0xff, 0x7f),
      tail(0xee, 0xff, 0x7f),
      tail(0xff, 0xff, 0x7f),
      Uint8Array.from(Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex')),
      Uint8Array.from(Buffer.from('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'hex')),
    ]
    for (const key of odd) {
      for (const r of odd) {
        expect(ed25519(key, message, Uint8Array.from([...r, ...new Array(32).fill(0)]))).toBe(false)
      }
    }
  })

  it('V11 verifies ES256 in DER, and is false for what is no point', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = publicKey.export({ format: 'jwk' })
    const part = (text: string | undefined): Uint8Array =>
      Uint8Array.from(Buffer.from(text ?? '', 'base64url'))
    const signature = Uint8Array.from(sign('sha256', message, privateKey))
    expect(es256(part(jwk.x), part(jwk.y), message, signature)).toBe(true)
    expect(es256(part(jwk.x), part(jwk.y), message.subarray(1), signature)).toBe(false)
    expect(es256(part(jwk.x), part(jwk.x), message, signature)).toBe(false)
  })
})
