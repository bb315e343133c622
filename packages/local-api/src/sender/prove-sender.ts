import { type AnswerSealer, answerSealer } from '@countersign/crypto/sealed-answer'
import { checkProof, importProofKey, type ProofFault } from '@countersign/crypto/sender-proof'
import type { BoundSender } from '@countersign/schema/sender'
import type { Api } from '../api.ts'
import { type Bearer, refuseToken } from '../bearer.ts'
import type { Exchange } from '../exchange.ts'
import type { Refusal } from '../source.ts'
import type { TokenEntry } from '../token-book.ts'

/** Seals the answer to one proven request, to the program that sent it. */
export type Seal = (body: string | Uint8Array) => Promise<string>

interface SenderCrypto {
  readonly proof: Awaited<ReturnType<typeof importProofKey>>
  readonly sealer: AnswerSealer
}

/** By the keys' own object: it stays the same however often a record is replaced. */
const imported = new WeakMap<BoundSender, Promise<SenderCrypto>>()

/** The keys of a binding, ready to use. Rejects where one is no point of its curve: to be asked before they are kept. */
export const senderCrypto = (sender: BoundSender): Promise<SenderCrypto> => {
  const known = imported.get(sender)
  if (known !== undefined) return known
  const made = Promise.all([importProofKey(sender.proof), answerSealer(sender.seal, sender.answer)]).then(
    ([proof, sealer]) => ({ proof, sealer }),
  )
  imported.set(sender, made)
  return made
}

/** Whether proofs can be checked by these keys and answers sealed to them: some points of a curve are of use to nobody. */
export const areUsable = (sender: BoundSender): Promise<boolean> =>
  senderCrypto(sender)
    .then(({ sealer }) => sealer('{}', 'to see that it can be'))
    .then(
      () => true,
      () => false,
    )

const DETAIL: Readonly<Record<Exclude<ProofFault, 'nonce'>, string>> = {
  malformed: 'It is no DPoP proof of RFC 9449: typ, alg, jti or iat is missing or another.',
  signature: 'It is signed with another key.',
  subject: 'It is for another request: htm, htu or ath differs.',
}

const urlOf = ({ headers, url }: Exchange): string => `http://${headers.host ?? ''}${url.split('?')[0] ?? ''}`

/** That who sends this token or claim has the key it belongs to; `seal` null: it belongs to none. */
export const proveSender = async (
  api: Api,
  exchange: Exchange,
  entry: TokenEntry,
  bearer: Bearer,
): Promise<{ readonly ok: true; readonly seal: Seal | null } | Refusal> => {
  const { sender, binding } = entry.record
  if (sender === null) {
    return bearer.proven ? refuseToken(api, exchange, 'proof.unexpected') : { ok: true, seal: null }
  }
  const { dpop } = exchange.headers
  const alarm = (how: string): void => {
    const application = api.session?.source.binding(binding)?.application ?? 'a program'
    const message = `A token or claim of “${application}” was shown ${how}.`
    api.session?.source.alert({ code: 'proof.invalid', binding, message })
  }
  if (!bearer.proven || dpop === undefined) {
    alarm('without a proof of its key')
    return refuseToken(api, exchange, 'proof.missing')
  }
  const { proof, sealer } = await senderCrypto(sender)
  const { method = '' } = exchange.req
  const subject = { method, url: urlOf(exchange), token: bearer.text, nonces: api.nonces.valid() }
  const checked = await checkProof(dpop, proof, subject)
  const refuse = (detail: string): Refusal => {
    alarm('with a proof that is not for this request, not by its key, or was sent before')
    return refuseToken(api, exchange, 'proof.invalid', detail)
  }
  if (!checked.ok) {
    return checked.fault === 'nonce' ? { ok: false, code: 'proof.nonce' } : refuse(DETAIL[checked.fault])
  }
  switch (api.nonces.take(checked.nonce, checked.jti)) {
    case 'stale':
      return { ok: false, code: 'proof.nonce' }
    case 'replayed':
      return refuse('It was sent before: every request has a proof with a jti of its own.')
    case 'taken':
      return { ok: true, seal: (body) => sealer(body, checked.jti) }
  }
}
