import type { AnswerKey, BoundSender, SealKey } from '@countersign/schema/sender'
import { answerKeySchema, boundSenderSchema } from '@countersign/schema/sender'
import {
  CompactEncrypt,
  CompactSign,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose'

type AnswerPair = BoundSender['answer']

/** `typ` of the signed part: this signature is never anything but an answer of the local API. */
const TYPE = 'countersign-answer+jws'

/** A fresh Ed25519 pair that signs the answers of one binding. */
export const newAnswerKey = async (): Promise<AnswerPair> => {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  return boundSenderSchema.shape.answer.parse(await exportJWK(privateKey))
}

/** What the program is told of it, to check its answers with. */
export const publicAnswerKey = ({ kty, crv, x }: AnswerPair): AnswerKey =>
  answerKeySchema.parse({ kty, crv, x })

const imported = async (key: JWK, algorithm: string): Promise<CryptoKey> => {
  const made = await importJWK(key, algorithm)
  if (made instanceof Uint8Array) throw new TypeError('keys of a binding are asymmetric')
  return made
}

/** Seals one answer; `jti` is that of the proof it answers. */
export type AnswerSealer = (body: string | Uint8Array, jti: string) => Promise<string>

/**
 * Answers as JWE (ECDH-ES, A256GCM) to the program around a JWS (EdDSA) by the installation, both compact (RFC 7516, RFC 7515; SPEC C25):
 * whoever took the API's place can neither read an answer nor make one. Rejects for a point that is not on the curve.
 */
export const answerSealer = async (seal: SealKey, answer: AnswerPair): Promise<AnswerSealer> => {
  const { d: _never, ...publicKey } = seal
  const recipient = await imported(publicKey, 'ECDH-ES')
  const signer = await imported(answer, 'EdDSA')
  return async (body, jti) => {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
    const signed = await new CompactSign(bytes)
      .setProtectedHeader({ alg: 'EdDSA', typ: TYPE, jti })
      .sign(signer)
    return new CompactEncrypt(new TextEncoder().encode(signed))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JWS' })
      .encrypt(recipient)
  }
}
