import type {
  Authenticator,
  AuthenticatorFailure,
  CreatedKey,
  CreateOptions,
  GetOptions,
  GotAssertion,
} from '@countersign/client/authenticator/authenticator'
import { readCreated, readGot } from '@countersign/client/authenticator/ceremony-answer'
import { randomBytes } from '@countersign/crypto/random'
import { RP_ID, RP_ORIGIN } from '@countersign/crypto/rp'
import { SoftwareAuthenticator } from '@countersign/crypto/software-authenticator'

/** A person's security keys, in their pocket: real ES256 and PRF, no file. */
export class MemoryKeys implements Authenticator {
  readonly software = true
  readonly #keys: SoftwareAuthenticator[]

  constructor(serialized: readonly Uint8Array[] = []) {
    this.#keys = serialized.map((each) => SoftwareAuthenticator.restore(each))
  }

  serialize(): Uint8Array[] {
    return this.#keys.map((key) => key.serialize())
  }

  async create(options: CreateOptions): Promise<CreatedKey | AuthenticatorFailure> {
    const key = new SoftwareAuthenticator()
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
    if (answer.ok) this.#keys.push(key)
    return answer
  }

  async get(options: GetOptions): Promise<GotAssertion | AuthenticatorFailure> {
    const prfSalts = options.allow.flatMap(({ credentialId, prfSalt }) =>
      prfSalt === null ? [] : [{ credentialId, salt: prfSalt }],
    )
    const allowCredentials = options.allow.map((each) => each.credentialId)
    for (const key of this.#keys) {
      const { challenge } = options
      const got = key.get({ rpId: RP_ID, origin: RP_ORIGIN, challenge, allowCredentials, prfSalts })
      if (!('code' in got)) return readGot(got.assertion, got.prfOutput ?? null, prfSalts.length > 0)
    }
    return { ok: false, code: 'authenticator.no_credential' }
  }

  cancel(): void {}
}
