import { sealKeySchema } from '@countersign/schema/sender'
import { compactDecrypt, compactVerify, exportJWK, generateKeyPair, importJWK } from 'jose'
import { expect, test } from 'vitest'
import { answerSealer, newAnswerKey, publicAnswerKey } from './sealed-answer.ts'

const BODY = '{"value":"sk-proj-canary"}'

const pairOn = (crv: 'P-256' | 'X25519') => generateKeyPair('ECDH-ES', { crv, extractable: true })
const sealKeyOf = async (pair: Awaited<ReturnType<typeof pairOn>>) =>
  sealKeySchema.parse(await exportJWK(pair.publicKey))

test.each(['P-256', 'X25519'] as const)(
  'C25 an answer to %s opens with its key alone, and is signed',
  async (crv) => {
    const program = await pairOn(crv)
    const answer = await newAnswerKey()
    const seal = await answerSealer(await sealKeyOf(program), answer)
    const sealed = await seal(BODY, 'jti-of-the-request')
    expect(sealed).not.toContain('canary')
    const opened = await compactDecrypt(sealed, program.privateKey)
    expect(opened.protectedHeader).toMatchObject({ alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JWS' })
    const signed = new TextDecoder().decode(opened.plaintext)
    const verified = await compactVerify(signed, await importJWK(publicAnswerKey(answer), 'EdDSA'))
    expect(new TextDecoder().decode(verified.payload)).toBe(BODY)
    expect(verified.protectedHeader).toEqual({
      alg: 'EdDSA',
      typ: 'countersign-answer+jws',
      jti: 'jti-of-the-request',
    })
    await expect(compactDecrypt(sealed, (await pairOn(crv)).privateKey)).rejects.toThrow()
    const other = publicAnswerKey(await newAnswerKey())
    await expect(compactVerify(signed, await importJWK(other, 'EdDSA'))).rejects.toThrow()
  },
)

test('C25 what a program is told of the signing pair is its public half', async () => {
  const pair = await newAnswerKey()
  expect(publicAnswerKey(pair)).toEqual({ kty: 'OKP', crv: 'Ed25519', x: pair.x })
})

test('C25 nothing is sealed to a key that is no point of its curve', async () => {
  const key = await sealKeyOf(await pairOn('P-256'))
  const moved = sealKeySchema.parse({ ...key, y: key.x })
  await expect(answerSealer(moved, await newAnswerKey())).rejects.toThrow()
})
