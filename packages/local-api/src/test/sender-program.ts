import { createHash, randomUUID } from 'node:crypto'
import type { AnswerKey, SenderKeys } from '@countersign/schema/sender'
import { senderKeysSchema } from '@countersign/schema/sender'
import {
  type CryptoKey,
  compactDecrypt,
  compactVerify,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
} from 'jose'

/** What a proof says; tests change it. */
export interface ProofClaims {
  readonly htm: string
  readonly htu: string
  readonly ath: string
  readonly jti: string
  readonly nonce?: string
}

/** A program with keys of its own, as one is written with any JOSE library: it proves its requests and opens its answers. */
export class SenderProgram {
  readonly keys: SenderKeys
  readonly #proof: CryptoKey
  readonly #open: CryptoKey

  private constructor(keys: SenderKeys, proof: CryptoKey, open: CryptoKey) {
    this.keys = keys
    this.#proof = proof
    this.#open = open
  }

  static async make(): Promise<SenderProgram> {
    const proof = await generateKeyPair('ES256')
    const seal = await generateKeyPair('ECDH-ES', { crv: 'X25519' })
    const keys = { proof: await exportJWK(proof.publicKey), seal: await exportJWK(seal.publicKey) }
    return new SenderProgram(senderKeysSchema.parse(keys), proof.privateKey, seal.privateKey)
  }

  /** `url` without a query. */
  claims(method: string, url: string, token: string, nonce?: string): ProofClaims {
    const ath = createHash('sha256').update(token).digest('base64url')
    return { htm: method, htu: url, ath, jti: randomUUID(), ...(nonce === undefined ? {} : { nonce }) }
  }

  proof(claims: ProofClaims): Promise<string> {
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: { ...this.keys.proof } })
      .setIssuedAt()
      .sign(this.#proof)
  }

  /** The JSON of a sealed answer; throws where it is not this installation's answer, to the request with this `jti` if one is named. */
  async open(sealed: string, answerKey: AnswerKey, jti?: string): Promise<string> {
    const { plaintext } = await compactDecrypt(sealed, this.#open)
    const signed = new TextDecoder().decode(plaintext)
    const { payload, protectedHeader } = await compactVerify(
      signed,
      await importJWK({ ...answerKey }, 'EdDSA'),
    )
    if (
      protectedHeader.typ !== 'countersign-answer+jws' ||
      (jti !== undefined && protectedHeader.jti !== jti)
    ) {
      throw new Error('that is another answer')
    }
    return new TextDecoder().decode(payload)
  }
}
