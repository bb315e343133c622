import type {
  Authenticator,
  AuthenticatorCode,
  AuthenticatorFailure,
  CreatedKey,
  CreateOptions,
  GetOptions,
  GotAssertion,
} from '@countersign/client/authenticator/authenticator'
import { readCreated, readGot } from '@countersign/client/authenticator/ceremony-answer'
import { randomBytes } from '@countersign/crypto/random'
import { RP_ID } from '@countersign/crypto/rp'
import { Secret } from '@countersign/crypto/secret'
import { bytesSchema } from '@countersign/schema/bytes'
import { z } from 'zod'
import type { CeremonyFailure, FromCeremony, ToCeremony } from '../shared/ceremony-wire.ts'
import type { CoreEvent } from '../shared/contract.ts'
import type { Ceremony } from './host.ts'

export const CEREMONY_TIMEOUT_MS = 120_000
// The page keeps the time; this is for a page that does not answer at all.
const SILENCE_MS = CEREMONY_TIMEOUT_MS + 5_000

const prfSchema = bytesSchema(32).nullable()
const answerSchema: z.ZodType<FromCeremony> = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('created'),
    credentialId: bytesSchema(1, 1023),
    attestationObject: bytesSchema(1, 16_384),
    clientDataJSON: bytesSchema(2, 8192),
    transports: z.array(z.string().max(40)).max(10),
    prfEnabled: z.boolean(),
    prf: prfSchema,
  }),
  z.strictObject({
    type: z.literal('got'),
    credentialId: bytesSchema(1, 1023),
    authenticatorData: bytesSchema(37, 4096),
    clientDataJSON: bytesSchema(2, 8192),
    signature: bytesSchema(1, 1024),
    prf: prfSchema,
  }),
  z.strictObject({
    type: z.literal('failed'),
    code: z.enum([
      'cancelled',
      'timeout',
      'not_allowed',
      'already_enrolled',
      'not_supported',
      'failed',
    ] satisfies CeremonyFailure[]),
    detail: z.string().max(100),
  }),
])

const refuse = (code: AuthenticatorCode): AuthenticatorFailure => ({ ok: false, code })

/**
 * What a browser's wordless refusal most likely was: at `create` any key would do, so it was the PIN or the finger;
 * at `get` it was a key that is none of those asked for.
 */
const codeOf = (failure: CeremonyFailure, asked: 'create' | 'get'): AuthenticatorCode => {
  if (failure !== 'not_allowed') return `authenticator.${failure}`
  return asked === 'create' ? 'authenticator.user_not_verified' : 'authenticator.no_credential'
}

/** The part of the host that this adapter needs. */
export interface CeremonyHost {
  openCeremony(purpose: string): Promise<Ceremony | null>
  event(event: CoreEvent): void
}

/** Security keys through the ceremony window: the page asks the browser, the answer comes over a port that main cannot read. */
export class CeremonyAuthenticator implements Authenticator {
  readonly software = false
  readonly #host: CeremonyHost
  #cancel: (() => void) | null = null

  constructor(host: CeremonyHost) {
    this.#host = host
  }

  async create(options: CreateOptions): Promise<CreatedKey | AuthenticatorFailure> {
    const answer = await this.#ceremony(options.purpose, {
      type: 'create',
      rpId: RP_ID,
      rpName: 'Countersign',
      userId: randomBytes(32),
      userName: options.userName,
      challenge: options.challenge,
      exclude: options.exclude,
      prfSalt: options.prfSalt,
      timeoutMs: CEREMONY_TIMEOUT_MS,
    })
    if (answer.type === 'failed') return refuse(codeOf(answer.code, 'create'))
    if (answer.type !== 'created') return refuse('authenticator.failed')
    const prf = answer.prf === null ? null : Secret.take(answer.prf)
    return readCreated(answer.attestationObject, answer.prfEnabled, prf)
  }

  async get(options: GetOptions): Promise<GotAssertion | AuthenticatorFailure> {
    const answer = await this.#ceremony(options.purpose, {
      type: 'get',
      rpId: RP_ID,
      challenge: options.challenge,
      allow: options.allow,
      timeoutMs: CEREMONY_TIMEOUT_MS,
    })
    if (answer.type === 'failed') return refuse(codeOf(answer.code, 'get'))
    if (answer.type !== 'got') return refuse('authenticator.failed')
    const { credentialId, authenticatorData, clientDataJSON, signature } = answer
    const prf = answer.prf === null ? null : Secret.take(answer.prf)
    const prfAsked = options.allow.some(({ prfSalt }) => prfSalt !== null)
    return readGot({ credentialId, authenticatorData, clientDataJSON, signature }, prf, prfAsked)
  }

  cancel(): void {
    this.#cancel?.()
  }

  /** One at a time: a second one while the first waits for its touch is refused as cancelled. */
  async #ceremony(purpose: string, request: ToCeremony): Promise<FromCeremony> {
    const cancelled: FromCeremony = { type: 'failed', code: 'cancelled', detail: 'window' }
    if (this.#cancel !== null) return cancelled
    let stopped = false
    this.#cancel = () => {
      stopped = true
    }
    this.#host.event({ type: 'ceremony', state: 'waiting', purpose })
    try {
      const ceremony = await this.#host.openCeremony(purpose)
      if (ceremony === null) return cancelled
      try {
        return stopped ? cancelled : await this.#ask(ceremony, request, cancelled)
      } finally {
        ceremony.done()
      }
    } finally {
      this.#cancel = null
      this.#host.event({ type: 'ceremony', state: 'done', purpose })
    }
  }

  #ask({ port, onClosed }: Ceremony, request: ToCeremony, cancelled: FromCeremony): Promise<FromCeremony> {
    return new Promise((resolve) => {
      const silence = setTimeout(
        () => resolve({ type: 'failed', code: 'timeout', detail: 'no answer' }),
        SILENCE_MS,
      )
      const settle = (answer: FromCeremony): void => {
        clearTimeout(silence)
        resolve(answer)
      }
      this.#cancel = () => {
        port.postMessage({ type: 'cancel' } satisfies ToCeremony)
        settle(cancelled)
      }
      onClosed(() => settle(cancelled))
      port.on('close', () => settle(cancelled))
      port.on('message', ({ data }) => {
        const parsed = answerSchema.safeParse(data)
        settle(parsed.success ? parsed.data : { type: 'failed', code: 'failed', detail: 'malformed' })
      })
      port.start()
      port.postMessage(request)
    })
  }
}
