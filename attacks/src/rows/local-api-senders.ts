import { SenderProgram } from '@countersign/local-api/test/sender-program'
import { type BindingCreated, bindingPollSchema } from '@countersign/schema/local-api'
import { type Attack, type Finding, succeeded } from '../attack.ts'
import { CREDENTIAL, judge, refusedBy, type Served, serve } from '../cast/local-api.ts'
import type { Stage } from '../stage.ts'

const AREA = 'local API'
const SELF = '/v1/bindings/self'

interface Asked {
  readonly method: string
  readonly path: string
  readonly token: string
}

/** A request with a proof by `by`: once for a nonce, then for good, as every client does it. `proof` is what went along. */
const ask = async (served: Served, by: SenderProgram, { method, path, token }: Asked) => {
  const send = async (nonce?: string) => {
    const proof = await by.proof(by.claims(method, `${served.api.url}${path}`, token, nonce))
    const headers = { Authorization: `DPoP ${token}`, DPoP: proof }
    return { answer: await served.call(path, { method, headers }), proof }
  }
  const first = await send()
  const nonce = first.answer.headers['dpop-nonce']
  return typeof nonce === 'string' ? await send(nonce) : first
}

/** A program whose token works only with its own key, and that token. */
const boundProgram = async (stage: Stage, served: Served, uses: number | null = null) => {
  const program = await SenderProgram.make()
  const created: BindingCreated = await served.bind({
    senderKeys: program.keys,
    tokenFor: 'any-program',
    lease: { durationMs: 3_600_000, uses },
  })
  served.vault.decide(created.id, 'granted')
  const path = `/v1/bindings/${created.id}`
  const { answer } = await ask(served, program, { method: 'GET', path, token: created.claim })
  const opened = await openAny(program, created, answer.text)
  const { token = '' } = bindingPollSchema.parse(JSON.parse(opened))
  stage.plant('the token of a program with keys', new TextEncoder().encode(token))
  return { program, created, token }
}

/** Whatever request it answers: what the attack is about comes later. */
const openAny = async (program: SenderProgram, { answerKey }: BindingCreated, sealed: string) => {
  if (answerKey === undefined) throw new Error('no answer key came')
  return program.open(sealed, answerKey)
}

const told = (served: Served, code: string): Finding => {
  const alert = served.vault.alerts.find((each) => each.code === code)
  return alert === undefined ? succeeded('a stolen token is tried, and nobody is told') : refusedBy(code)
}

export const localApiSenders: readonly Attack[] = [
  {
    ref: 'L-token-without-key',
    area: AREA,
    title: 'a stolen token of a program with keys',
    tried:
      'A thief has the token of a sender-constrained binding, and sends it as others are sent, or without a proof.',
    refusal: 'proof.missing',
    weakened: {
      without: 'the demand for a proof',
      edits: [
        {
          file: 'packages/local-api/src/sender/prove-sender.ts',
          find: 'if (sender === null) {',
          replace: 'if (sender === null || !bearer.proven) {',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const { token } = await boundProgram(stage, served)
      const answers: string[] = []
      for (const scheme of ['Bearer', 'DPoP'])
        answers.push(
          (await served.call(CREDENTIAL, { headers: { Authorization: `${scheme} ${token}` } })).text,
        )
      return judge(stage, answers)
    },
  },
  {
    ref: 'L-proof-of-another-key',
    area: AREA,
    title: 'a stolen token with the thief’s own key',
    tried:
      'A thief signs the proof with a key of its own, puts that key into the proof, and gives the binding back.',
    refusal: 'proof.invalid',
    weakened: {
      without: 'the key that was named when binding',
      edits: [
        {
          file: 'packages/crypto/src/sender-proof.ts',
          find: "import { type CryptoKey, importJWK, jwtVerify } from 'jose'",
          replace: "import { type CryptoKey, EmbeddedJWK, importJWK, jwtVerify } from 'jose'",
        },
        {
          file: 'packages/crypto/src/sender-proof.ts',
          find: 'await jwtVerify(proof, key, {',
          replace: 'await jwtVerify(proof, EmbeddedJWK, {',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const { token, created } = await boundProgram(stage, served)
      const thief = await SenderProgram.make()
      const { answer } = await ask(served, thief, { method: 'DELETE', path: SELF, token })
      stage.wire.said(new TextEncoder().encode(answer.text))
      const state = served.vault.bindings.find(({ id }) => id === created.id)?.state
      return state === 'granted' ? told(served, 'proof.invalid') : succeeded('the end of a binding')
    },
  },
  {
    ref: 'L-proof-replayed',
    area: AREA,
    title: 'a proof sent again',
    tried:
      'Whoever saw a request with its proof, having taken the port or read a log, sends the very same again.',
    refusal: 'proof.invalid',
    weakened: {
      without: 'the memory of proofs',
      edits: [
        {
          file: 'packages/local-api/src/sender/proof-nonces.ts',
          find: "if (turn.taken.has(jti)) return 'replayed'",
          replace: '',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const { program, token } = await boundProgram(stage, served, 2)
      const seen = await ask(served, program, { method: 'GET', path: CREDENTIAL, token })
      if (seen.answer.status !== 200) throw new Error('the program itself is not served')
      const again = await served.call(CREDENTIAL, {
        headers: { Authorization: `DPoP ${token}`, DPoP: seen.proof },
      })
      stage.wire.said(new TextEncoder().encode(again.text))
      const own = await ask(served, program, { method: 'GET', path: CREDENTIAL, token })
      return own.answer.status === 200
        ? told(served, 'proof.invalid')
        : succeeded('a use of somebody’s lease')
    },
  },
]
