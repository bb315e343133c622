import { answerSealer, newAnswerKey } from '@countersign/crypto/sealed-answer'
import { checkProof, importProofKey, type ProofSubject } from '@countersign/crypto/sender-proof'
import { SenderProgram } from '@countersign/local-api/test/sender-program'
import { senderKeysSchema } from '@countersign/schema/sender'
import { type FuzzedParser, textOf, utf8 } from '../parser.ts'

const SUBJECT: ProofSubject = {
  method: 'GET',
  url: 'http://127.0.0.1:7117/v1/credentials',
  token: 'cs_app_made-up',
  nonces: ['the-present-nonce'],
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const signedPart = (jws: string): string => jws.slice(0, jws.lastIndexOf('.'))

/** What programs with keys of their own send. */
export const senderParsers = async (): Promise<FuzzedParser[]> => {
  const program = await SenderProgram.make()
  const key = await importProofKey(program.keys.proof)
  const good = await program.proof(
    program.claims(SUBJECT.method, SUBJECT.url, SUBJECT.token, SUBJECT.nonces[0]),
  )
  const answerKey = await newAnswerKey()
  return [
    {
      name: 'sender-proof',
      from: 'whoever has a token of a program with keys',
      seeds: [good, good.replace('.', '..'), await program.proof(program.claims('GET', '', ''))].map(utf8),
      dictionary: ['.', '..', 'eyJ', '=', '"alg":"none"', '"crit":["exp"]', '"b64":false', '"jwk":{}'].map(
        utf8,
      ),
      parse: async (input) => {
        const text = textOf(input)
        const checked = await checkProof(text, key, SUBJECT)
        // Only the program can sign: whatever else is accepted is a forgery. A signature has several spellings; its jti tells them apart.
        if (checked.ok && signedPart(text) !== signedPart(good))
          throw new Error('a proof that nobody signed was accepted')
        return checked.ok ? 'accepted' : checked.fault
      },
    },
    {
      name: 'sender-keys',
      from: 'any program that asks to bind',
      seeds: [
        JSON.stringify(program.keys),
        JSON.stringify({ proof: program.keys.seal, seal: program.keys.proof }),
      ].map(utf8),
      dictionary: ['"kty":"OKP"', '"kty":"EC"', '"crv":"P-256"', '"crv":"X25519"', '"d":', 'AAAA'].map(utf8),
      parse: async (input) => {
        const parsed = senderKeysSchema.safeParse(jsonOf(textOf(input)))
        if (!parsed.success) return 'malformed'
        const usable = await Promise.all([
          importProofKey(parsed.data.proof),
          answerSealer(parsed.data.seal, answerKey),
        ]).then(
          () => true,
          () => false,
        )
        return usable ? 'accepted' : 'no point of its curve'
      },
    },
  ]
}
