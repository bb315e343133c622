import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { mapOf } from './cbor.ts'
import { Fields } from './fields.ts'
import { touchProblem } from './touch.ts'

interface Vector {
  algorithm: string
  challenge: string
  authenticatorData: string
  clientDataJSON: string
  publicKey: string
  signature: string
}
/** The format's frozen assertions, one of each algorithm. */
const vectors: Vector[] = JSON.parse(
  readFileSync(new URL('../../../../packages/crypto/vectors/assertion.json', import.meta.url), 'utf8'),
)
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const credentialId = bytes('0102030405')

const problemOf = (
  vector: Vector,
  change: Partial<Record<keyof Vector, Uint8Array>> = {},
  id = credentialId,
) => {
  const part = (name: keyof Vector): Uint8Array => change[name] ?? bytes(vector[name])
  const assertion = new Fields(
    mapOf({
      credentialId: id,
      authenticatorData: part('authenticatorData'),
      clientDataJSON: part('clientDataJSON'),
      signature: part('signature'),
    }),
  )
  return touchProblem(assertion, { credentialId, publicKey: part('publicKey') }, part('challenge'))
}

describe('touches', () => {
  it('V5 verifies the frozen assertions of both algorithms', () => {
    expect(vectors.map(({ algorithm }) => algorithm)).toEqual(['ES256', 'EdDSA'])
    for (const vector of vectors) expect(problemOf(vector)).toBeNull()
  })

  it('V5 refuses a flipped bit in every byte of what was signed, the signature, the key and the challenge', () => {
    for (const vector of vectors) {
      for (const name of [
        'authenticatorData',
        'clientDataJSON',
        'signature',
        'publicKey',
        'challenge',
      ] as const) {
        const whole = bytes(vector[name])
        for (const at of whole.keys()) {
          const flipped = Uint8Array.from(whole)
          flipped[at]! ^= 1 << (at % 8)
          expect(problemOf(vector, { [name]: flipped }), `${vector.algorithm} ${name} ${at}`).not.toBeNull()
        }
      }
    }
  })

  it('V5 says what is missing: another key, another page, no touch, no verified user, another service', () => {
    const vector = vectors[0]!
    const data = (edit: (bytes: Uint8Array) => void): { authenticatorData: Uint8Array } => {
      const authenticatorData = bytes(vector.authenticatorData)
      edit(authenticatorData)
      return { authenticatorData }
    }
    const client = (from: string, to: string): { clientDataJSON: Uint8Array } => ({
      clientDataJSON: Uint8Array.from(
        Buffer.from(Buffer.from(vector.clientDataJSON, 'hex').toString().replace(from, to)),
      ),
    })
    expect(problemOf(vector, {}, bytes('0505'))).toContain('another security key')
    expect(
      problemOf(
        vector,
        data((each) => (each[32] = 0x04)),
      ),
    ).toContain('nobody touched')
    expect(
      problemOf(
        vector,
        data((each) => (each[32] = 0x01)),
      ),
    ).toContain('did not verify its user')
    expect(
      problemOf(
        vector,
        data((each) => (each[0]! ^= 1)),
      ),
    ).toContain('another service')
    expect(
      problemOf(
        vector,
        data((each) => (each[32]! |= 0x10)),
      ),
    ).toContain('malformed')
    expect(problemOf(vector, client('webauthn.get', 'webauthn.create'))).toContain('no assertion')
    expect(problemOf(vector, client('https://unlock.', 'https://unlocked.'))).toContain('another page')
    expect(problemOf(vector, client('"crossOrigin":false', '"crossOrigin":true'))).toContain(
      'inside another page',
    )
    expect(problemOf(vector, client('{', ''))).toContain('not JSON')
    expect(problemOf(vector, { challenge: new Uint8Array(32) })).toContain(
      'something else than what was asked',
    )
  })
})
