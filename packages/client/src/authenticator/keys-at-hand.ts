import type { Assertion } from '@countersign/crypto/assertion'
import { randomBytes } from '@countersign/crypto/random'
import { RP_ID, RP_ORIGIN } from '@countersign/crypto/rp'
import {
  SoftwareAuthenticator,
  type SoftwareAuthenticatorOptions,
} from '@countersign/crypto/software-authenticator'
import type {
  Authenticator,
  AuthenticatorFailure,
  CreatedKey,
  CreateOptions,
  GetOptions,
  GotAssertion,
} from './authenticator.ts'
import { readCreated, readGot } from './ceremony-answer.ts'

/** Software security keys in this process's memory, genuine in all but their shell: every enrolment is another key. */
export class KeysAtHand implements Authenticator {
  readonly software = true
  readonly keys: SoftwareAuthenticator[]
  readonly #options: Partial<SoftwareAuthenticatorOptions>

  constructor(
    keys: readonly SoftwareAuthenticator[] = [],
    options: Partial<SoftwareAuthenticatorOptions> = {},
  ) {
    this.keys = [...keys]
    this.#options = options
  }

  async create(options: CreateOptions): Promise<CreatedKey | AuthenticatorFailure> {
    const key = new SoftwareAuthenticator(this.#options)
    const created = key.create({
      rpId: RP_ID,
      origin: RP_ORIGIN,
      challenge: options.challenge,
      userId: randomBytes(32),
      prfSalt: options.prfSalt,
      excludeCredentials: options.exclude,
    })
    if ('code' in created) return { ok: false, code: 'authenticator.cancelled' }
    const answer = readCreated(created.attestationObject, created.prfEnabled, created.prfOutput ?? null)
    if (!answer.ok) return answer
    this.keys.push(key)
    this.changed(null)
    return answer
  }

  async get(options: GetOptions): Promise<GotAssertion | AuthenticatorFailure> {
    const prfSalts = options.allow.flatMap(({ credentialId, prfSalt }) =>
      prfSalt === null ? [] : [{ credentialId, salt: prfSalt }],
    )
    const allowCredentials = options.allow.map((each) => each.credentialId)
    for (const key of this.keys) {
      const { challenge } = options
      const got = key.get({ rpId: RP_ID, origin: RP_ORIGIN, challenge, allowCredentials, prfSalts })
      if ('code' in got) continue
      this.changed(got.assertion)
      return readGot(got.assertion, got.prfOutput ?? null, prfSalts.length > 0)
    }
    return { ok: false, code: 'authenticator.no_credential' }
  }

  cancel(): void {}

  /** A key was enrolled, or made this assertion: what is kept of them is out of date. */
  protected changed(_made: Assertion | null): void {}
}
